"""What stands in a file of questions, one JSON object a line."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from conversational_rag.schemas.fields import Message
from conversational_rag.schemas.search import History


def _listed(value: Any) -> Any:
    """One value stands for a list of one, null for none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


_Files = Annotated[tuple[Annotated[StrictStr, Field(min_length=1)], ...], Field(min_length=1)]
_Pages = tuple[Annotated[StrictInt, Field(ge=1)], ...]


class QuestionLine(BaseModel):
    """A question, and in which file (one of several), on which page of it, its answer stands."""

    model_config = ConfigDict(extra="forbid")

    question: Message
    file: Annotated[_Files, BeforeValidator(_listed)]
    page: Annotated[_Pages, BeforeValidator(_listed)] = ()
    history: Annotated[History, BeforeValidator(_listed)] = ()
