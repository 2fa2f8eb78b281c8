"""Kept answers: a whole answer as JSON and back, so that it can be given again as it was."""

from dataclasses import dataclass, fields

from pydantic import TypeAdapter, ValidationError

from conversational_rag.rag.events import Answered


@dataclass(frozen=True, slots=True)
class KeptAnswer(Answered):
    """An answer, and the id of the message as which it is stored: None without a memory, or when a version of the
    service has kept it that did not tell."""

    message_id: int | None = None


_KEPT = TypeAdapter(KeptAnswer)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is to be kept under its caller's Idempotency-Key."""

    key: str
    answered: Answered

    def dump(self, message_id: int | None) -> str:
        """As it is stored."""
        values = {each.name: getattr(self.answered, each.name) for each in fields(self.answered)}
        return _KEPT.dump_json(KeptAnswer(**values, message_id=message_id)).decode()


def load(stored: str) -> KeptAnswer | None:
    """As it was given; None when a version of the service has written it that knew answers of another form."""
    try:
        return _KEPT.validate_json(stored)
    except ValidationError:
        return None
