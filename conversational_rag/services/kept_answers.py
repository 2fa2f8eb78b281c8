"""Kept answers: a whole answer as JSON and back, so that it can be given again as it was."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from conversational_rag.rag.events import Answered

_ANSWERED = TypeAdapter(Answered)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that is kept under its caller's Idempotency-Key."""

    key: str
    answer: str


def under(key: str | None, answered: Answered) -> KeptAnswer | None:
    """The answer, kept under the key; without a key none is kept."""
    return None if key is None else KeptAnswer(key, dump(answered))


def dump(answered: Answered) -> str:
    """As it is stored."""
    return _ANSWERED.dump_json(answered).decode()


def load(stored: str) -> Answered | None:
    """As it was given; None when a version of the service has written it that knew answers of another form."""
    try:
        return _ANSWERED.validate_json(stored)
    except ValidationError:
        return None
