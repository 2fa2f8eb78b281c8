"""What every reranker does: put the passages that were found for a question into a better order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from conversational_rag.llm.base import Usage
from conversational_rag.rag.conversation import Passage

_NOTHING = Usage()
# Beyond that a question takes the room that the passages need.
_QUESTION_CHARACTERS, _BEFORE_CHARACTERS = 600, 200

DEPTH = 20
"""How many of the best passages are put into a new order."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: the question, the one before it ('' at the beginning), and whose quota a call costs.

    `caller` is None where no language model may be asked.
    """

    question: str
    before: str = ""
    caller: str | None = ""

    def shortened(self) -> "Wanted":
        """Of both questions what says most, their beginnings."""
        return Wanted(self.question[:_QUESTION_CHARACTERS], self.before[:_BEFORE_CHARACTERS], self.caller)


@dataclass(frozen=True, slots=True)
class Reranking:
    """All the passages, best first; and, when a language model was asked, which one and what that cost."""

    passages: tuple[Passage, ...]
    model: str = ""
    usage: Usage = _NOTHING


class Reranker(Protocol):
    """A model that compares a question with each passage, or the passages with each other."""

    async def start(self) -> None:
        """Load what it needs. Raises ConfigurationError, naming RERANKER_MODEL, when that cannot be used."""

    async def rerank(self, wanted: Wanted, passages: Sequence[Passage]) -> Reranking:
        """The same passages in a better order, or in theirs when it fails; scores run from 0 to 1 and fall."""
        ...

    async def close(self) -> None:
        """Let what runs come to its end."""
