"""What a conversation is made of: turns that were, passages that were found."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer; `question_id` is its message id."""

    question_id: int
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found; `page` counts from 1, `start` is its offset on the page, `score` runs from 0 to 1.

    `place` is the spot's own name where the format has such names (a sheet, a slide, a chapter).
    """

    chunk_id: int
    document_id: str
    filename: str
    ordinal: int
    page: int | None
    start: int
    text: str
    score: float
    place: str | None = None


# A follow-up is read in the light of the beginnings of the last answers; docs/retrieval.md has the figures.
ANSWER_CHARACTERS = 400

History = Sequence[Turn]
