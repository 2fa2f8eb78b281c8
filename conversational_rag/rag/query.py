"""The query of a turn: a question in the light of the turns before it, as words and as a vector.

The question counts in full, what was said before by small weights: pasting the history to the question makes
retrieval worse than leaving it out, and a rewrite by a model is not better than this (docs/retrieval.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from conversational_rag.rag.conversation import ANSWER_CHARACTERS, Turn
from conversational_rag.rag.languages import guess_language
from conversational_rag.rag.words import beginnings, content_words, other_spellings, words

TURNS_SEARCHED = 3
"""So many turns before the question shed light on it; no part of the search looks further back."""

CONTEXT_WEIGHT = 0.07
"""What a word of the turns before counts, beside 1 for a word of the question."""

# More than the encoder reads, and enough words for any question; a message may be a thousand times as long.
QUESTION_CHARACTERS = 2000
_ANSWER_WEIGHTS = (0.3, 0.1)
_MOST_WORDS = 64
_MOST_CONTEXT_WORDS = 96


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The words of the question, and those that only the turns before it hold; each once, lower-case.

    `beginnings` count as words of the question: every word that begins so is meant.
    """

    question: tuple[str, ...]
    context: tuple[str, ...]
    beginnings: tuple[str, ...] = ()


def searched_text(question: str) -> str:
    """What of a question is embedded."""
    return question[:QUESTION_CHARACTERS]


def query_words(question: str, history: Sequence[Turn]) -> QueryWords:
    """What the keyword index is asked. A question of nothing but small words is left to its context, if it has one."""
    question = question[:QUESTION_CHARACTERS]
    asked = content_words(question)[:_MOST_WORDS]
    context = [word for word in _said_before(history) if word not in set(asked)]
    if not asked and not context:
        asked = words(question)[:_MOST_WORDS]
    if asked:
        asked = [*asked, *other_spellings(question)][:_MOST_WORDS]
    begun = beginnings(asked, guess_language(question))
    return QueryWords(tuple(asked), tuple(context[:_MOST_CONTEXT_WORDS]), tuple(dict.fromkeys(begun)))


def _said_before(history: Sequence[Turn]) -> list[str]:
    """The words of the last questions and answers, each text by the small words of its own language."""
    said = [turn.question[:ANSWER_CHARACTERS] for turn in reversed(history[-TURNS_SEARCHED:])]
    return list(dict.fromkeys(word for text in [*said, *last_answers(history)] for word in content_words(text)))


def last_answers(history: Sequence[Turn]) -> list[str]:
    """The beginnings of the last answers, which a follow-up leans on, latest first."""
    answered = (turn.answer for turn in reversed(history) if turn.answer)
    return [leaned_on(answer) for answer in islice(answered, len(_ANSWER_WEIGHTS))]


def leaned_on(answer: str) -> str:
    """What of an answer a follow-up leans on."""
    return answer[:ANSWER_CHARACTERS]


def query_vector(question: NDArray[np.float32], answers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """unit(question + 0.3 last answer + 0.1 the one before), shape (dimensions,), of unit vectors."""
    if not answers:
        return question
    total = question.copy()
    for weight, answer in zip(_ANSWER_WEIGHTS, answers, strict=False):
        total += weight * answer
    length = float(np.linalg.norm(total))
    return total / np.float32(length) if length else total
