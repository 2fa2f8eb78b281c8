"""Filters: what stands between a model's words and whoever reads them.

Each reads an answer piece by piece. Where the pieces are cut changes nothing; only what may still become something
else is held back, so an ordinary word passes at once.
"""

from collections.abc import Sequence
from typing import Protocol

from conversational_rag.rag.addresses import Addresses, KnownAddresses
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.keys import Keys
from conversational_rag.rag.links import Links
from conversational_rag.rag.markers import Markers
from conversational_rag.rag.recitals import Recitals
from conversational_rag.rag.unseen import Unseen


class Filter(Protocol):
    """Reads one answer."""

    def feed(self, text: str) -> str:
        """Take the next piece and give what can be said now."""

    def close(self) -> str:
        """Give the rest."""


class Filters:
    """Filters one behind the other, as one."""

    def __init__(self, *filters: Filter) -> None:
        self._filters = filters
        self._feeds = [each.feed for each in filters]

    def feed(self, text: str) -> str:
        """Through all of them."""
        for feed in self._feeds:
            text = feed(text)
            if not text:
                break
        return text

    def close(self) -> str:
        """What each of them has held back, through those behind it."""
        rest = ""
        for each in self._filters:
            rest = each.feed(rest) + each.close()
        return rest

    def read(self, text: str) -> str:
        """All of an answer at once."""
        return self.feed(text) + self.close()


def answer_filters(passages: Sequence[Passage], question: str, turns: Sequence[Turn]) -> Filters:
    """For an answer to a question that came with these passages and turns.

    Those that leave things out come first, and what might come about by that is looked for behind them.
    """
    texts = [passage.text for passage in passages]
    said = [question, *(text for turn in turns for text in (turn.question, turn.answer))]
    known = KnownAddresses([*texts, *said])
    return Filters(Unseen(), Markers(texts), Links(known), Addresses(known), Keys(), Recitals())


def summary_filters() -> Filters:
    """For a summary, which only a model reads."""
    return Filters(Unseen(), Keys(), Recitals())
