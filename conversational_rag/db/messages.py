"""Messages: what was asked and what was answered, all of it, for as long as the session lives."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, select

from conversational_rag.db import session_texts
from conversational_rag.db.prepared import Prepared
from conversational_rag.db.tables import messages

USER, ASSISTANT = "user", "assistant"
COMPLETE, PARTIAL = "complete", "partial"
RATINGS = ("up", "down")


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer to be stored; `sources` is JSON, `timestamp` in Unix seconds."""

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


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the reader of an answer thinks of it (`up` or `down`), in words too if he likes, and since when."""

    rating: str
    comment: str
    timestamp: float


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
    feedback: Feedback | None


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A question and its answer."""

    question_id: int
    question: str
    answer: str


_OF_SESSION = messages.c.session_id == bindparam("session")
_answers = messages.alias("answers")
_TURNS = Prepared(
    select(messages.c.id, messages.c.content, _answers.c.content.label("answer"))
    .select_from(
        messages.join(
            _answers, and_(_answers.c.reply_to == messages.c.id, _answers.c.session_id == messages.c.session_id)
        )
    )
    .where(_OF_SESSION, messages.c.role == USER, messages.c.id > bindparam("after"))
    .order_by(messages.c.id.desc())
    .limit(bindparam("limit"))
)
_SELECT = select(
    messages.c.id,
    messages.c.role,
    messages.c.content,
    messages.c.timestamp,
    messages.c.status,
    messages.c.sources,
    messages.c.model,
    messages.c.degraded,
    messages.c.rating,
    messages.c.comment,
    messages.c.rated_at,
).where(_OF_SESSION)
_LIST = _SELECT.order_by(messages.c.id).limit(bindparam("limit")).offset(bindparam("offset"))
_FIND = _SELECT.where(messages.c.id == bindparam("message"))
_LAST = Prepared(
    select(messages.c.id, messages.c.role, messages.c.content)
    .where(_OF_SESSION)
    .order_by(messages.c.id.desc())
    .limit(1)
)
_NAMES_OF_ANSWER = tuple(each.name for each in fields(NewAnswer))
_INSERT = insert(messages).returning(messages.c.id)
_INSERT_QUESTION = Prepared(_INSERT, ("session_id", "role", "content", "timestamp"))
_INSERT_ANSWER = Prepared(_INSERT, ("session_id", "role", "reply_to", *_NAMES_OF_ANSWER))


def append_question(connection: Connection, session_id: str, content: str, now: float) -> int:
    """Store what the user asked; the message's id."""
    values = {"session_id": session_id, "role": USER, "content": content, "timestamp": now}
    return _append(connection, _INSERT_QUESTION, values)


def append_answer(connection: Connection, session_id: str, question_id: int, answer: NewAnswer) -> int:
    """Store what was answered to that question; the message's id."""
    values = {name: getattr(answer, name) for name in _NAMES_OF_ANSWER}
    values |= {"session_id": session_id, "role": ASSISTANT, "reply_to": question_id, "degraded": int(answer.degraded)}
    return _append(connection, _INSERT_ANSWER, values)


def turns(connection: Connection, session_id: str, after: int, limit: int) -> list[TurnRow]:
    """The last `limit` answered questions with ids above `after`, oldest first."""
    rows = _TURNS.rows(connection, {"session": session_id, "after": after, "limit": limit})
    return [TurnRow(*row) for row in reversed(rows)]


def list_all(connection: Connection, session_id: str, limit: int, offset: int) -> list[MessageRow]:
    """The session's messages, oldest first."""
    rows = connection.execute(_LIST, {"session": session_id, "limit": limit, "offset": offset})
    return [_message(row) for row in rows]


def find(connection: Connection, session_id: str, message_id: int) -> MessageRow | None:
    """One message of the session; None when it has no such message."""
    row = connection.execute(_FIND, {"session": session_id, "message": message_id}).one_or_none()
    return None if row is None else _message(row)


def find_unanswered(connection: Connection, session_id: str) -> tuple[int, str] | None:
    """The last message's id and content, when it is a question that was never answered."""
    row = _LAST.row(connection, {"session": session_id})
    return (row[0], row[2]) if row is not None and row[1] == USER else None


def _append(connection: Connection, statement: Prepared, values: dict[str, Any]) -> int:
    ((new_id,),) = statement.rows(connection, values)
    session_texts.add(connection, values["session_id"], new_id, values["content"])
    return int(new_id)


def _message(row: Row[*tuple[Any, ...]]) -> MessageRow:
    feedback = None if row.rating is None else Feedback(row.rating, row.comment, row.rated_at)
    shown = (row.id, row.role, row.content, row.timestamp, row.status, row.sources, row.model, bool(row.degraded))
    return MessageRow(*shown, feedback)
