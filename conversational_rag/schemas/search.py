"""What goes over the wire when somebody searches."""

from typing import Annotated

from pydantic import BaseModel, Field, StrictInt

from conversational_rag.schemas.fields import Answer, ClientId, Message
from conversational_rag.schemas.passages import PassageView

MOST_RESULTS = 50
MOST_EXCHANGES = 10


class Exchange(BaseModel):
    """A question that was asked before, and what was answered."""

    question: Message
    answer: Answer


History = Annotated[
    tuple[Exchange, ...],
    Field(
        max_length=MOST_EXCHANGES,
        description="The conversation before the query, oldest first: the query is read in its light, as in a chat.",
    ),
]


class SearchRequest(BaseModel):
    """One search."""

    query: Message = Field(description="A question, or some words.", examples=["What is the notice period?"])
    client_id: ClientId | None = Field(
        None,
        description="Whose documents to search; a client's own key says so itself.",
        examples=["client_0123456789abcdef"],
    )
    limit: StrictInt = Field(10, ge=1, le=MOST_RESULTS, description="How many results at most.")
    history: History = ()


class SearchResult(PassageView):
    """A passage that was found."""

    chunk_id: int = Field(description="Which piece of the documents it is; never used for another one.")


class SearchAnswer(BaseModel):
    """What was found."""

    query: str
    client_id: str
    results: list[SearchResult] = Field(description="Best first; no text twice.")
    total: int = Field(description="How many results there are.")
