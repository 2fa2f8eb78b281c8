"""What happens in a turn, in the order in which it happens: Reranked, if a language model did it, Found, Said …,
Answered."""

from dataclasses import dataclass

from conversational_rag.llm.base import Usage
from conversational_rag.rag.citations import Citation
from conversational_rag.rag.conversation import Passage


@dataclass(frozen=True, slots=True)
class Reranked:
    """A language model has put the passages into another order, at this cost."""

    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Found:
    """The passages the answer will rest on, best first, and who is about to speak; no word has been said yet."""

    passages: tuple[Passage, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Said:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The whole answer. `degraded`: no model could speak, the text is quoted; `retry_after` in seconds, if known.

    `usage` is what the answer cost, beside what Reranked told.

    `cached`: it was given before, and cost nothing this time. `citations`: one for each of the passages.
    """

    text: str
    passages: tuple[Passage, ...]
    model: str
    degraded: bool
    usage: Usage
    retry_after: float | None = None
    cached: bool = False
    citations: tuple[Citation, ...] = ()


TurnEvent = Reranked | Found | Said | Answered
