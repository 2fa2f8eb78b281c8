"""Messages: what was asked and what was answered, all of it, for as long as the session lives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, bindparam, insert, select, update

from conversational_rag.db.tables import messages, sessions
from conversational_rag.security.tenants import Tenant

USER, ASSISTANT = "user", "assistant"
COMPLETE, PARTIAL = "complete", "partial"
_WIRE = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer to be stored; `sources` is JSON, `timestamp` in Unix seconds, `vector` of shape (dimensions,)."""

    content: str
    timestamp: float
    status: str
    sources: str
    model: str
    degraded: bool
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    llm_calls: int
    vector: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as its reader sees it."""

    id: int
    role: str
    content: str
    timestamp: float
    status: str
    sources: str | None
    model: str | None
    degraded: bool


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A question and its answer."""

    question_id: int
    question: str
    answer: str
    vector: NDArray[np.float32] | None


_OF_SESSION = messages.c.session_id == bindparam("session")
_answers = messages.alias("answers")
_TURNS = (
    select(messages.c.id, messages.c.content, _answers.c.content.label("answer"), _answers.c.vector)
    .select_from(
        messages.join(
            _answers, and_(_answers.c.reply_to == messages.c.id, _answers.c.session_id == messages.c.session_id)
        )
    )
    .where(_OF_SESSION, messages.c.role == USER, messages.c.id > bindparam("after"))
    .order_by(messages.c.id.desc())
    .limit(bindparam("limit"))
)
_LIST = (
    select(
        messages.c.id,
        messages.c.role,
        messages.c.content,
        messages.c.timestamp,
        messages.c.status,
        messages.c.sources,
        messages.c.model,
        messages.c.degraded,
    )
    .where(_OF_SESSION)
    .order_by(messages.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)


def append_question(connection: Connection, session_id: str, content: str, now: float) -> int:
    """Store what the user asked; the message's id."""
    values = {"session_id": session_id, "role": USER, "content": content, "timestamp": now}
    return _insert(connection, values)


def append_answer(connection: Connection, session_id: str, question_id: int, answer: NewAnswer) -> int:
    """Store what was answered to that question; the message's id."""
    values = {name: getattr(answer, name) for name in NewAnswer.__dataclass_fields__}
    values |= {"session_id": session_id, "role": ASSISTANT, "reply_to": question_id, "degraded": int(answer.degraded)}
    values["vector"] = None if answer.vector is None else answer.vector.astype(_WIRE, copy=False).tobytes()
    return _insert(connection, values)


def turns(connection: Connection, session_id: str, after: int, limit: int) -> list[TurnRow]:
    """The last `limit` answered questions with ids above `after`, oldest first."""
    rows = connection.execute(_TURNS, {"session": session_id, "after": after, "limit": limit}).all()
    return [TurnRow(row.id, row.content, row.answer, _vector(row.vector)) for row in reversed(rows)]


def list_all(connection: Connection, session_id: str, limit: int, offset: int) -> list[MessageRow]:
    """The session's messages, oldest first."""
    rows = connection.execute(_LIST, {"session": session_id, "limit": limit, "offset": offset})
    return [MessageRow(*row[:7], degraded=bool(row.degraded)) for row in rows]


def find_unanswered(connection: Connection, session_id: str) -> tuple[int, str] | None:
    """The last message's id and content, when it is a question that was never answered."""
    last = (
        select(messages.c.id, messages.c.role, messages.c.content)
        .where(_OF_SESSION)
        .order_by(messages.c.id.desc())
        .limit(1)
    )
    row = connection.execute(last, {"session": session_id}).one_or_none()
    return (row.id, row.content) if row is not None and row.role == USER else None


def forget_vectors(connection: Connection, tenant: Tenant) -> None:
    """The embeddings of the client's answers are another model's: they are made anew when they are needed."""
    own = select(sessions.c.session_id).where(sessions.c.client_id == tenant.client_id)
    connection.execute(update(messages).where(messages.c.session_id.in_(own)).values(vector=None))


def _insert(connection: Connection, values: dict[str, object]) -> int:
    new_id: int = connection.execute(insert(messages).returning(messages.c.id), values).scalar_one()
    return new_id


def _vector(raw: bytes | None) -> NDArray[np.float32] | None:
    return None if raw is None else np.frombuffer(raw, dtype=_WIRE).astype(np.float32, copy=False)
