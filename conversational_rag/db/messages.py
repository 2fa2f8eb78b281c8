"""Messages: what was asked and what was answered, all of it, for as long as the session lives."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, and_, bindparam, insert, select

from conversational_rag.db.tables import messages

USER, ASSISTANT = "user", "assistant"
COMPLETE, PARTIAL = "complete", "partial"


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


_OF_SESSION = messages.c.session_id == bindparam("session")
_answers = messages.alias("answers")
_TURNS = (
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


_LAST = (
    select(messages.c.id, messages.c.role, messages.c.content)
    .where(_OF_SESSION)
    .order_by(messages.c.id.desc())
    .limit(1)
)
_INSERT = insert(messages)
_INSERT_QUESTION = _INSERT.returning(messages.c.id)
_NAMES_OF_ANSWER = tuple(each.name for each in fields(NewAnswer))


def append_question(connection: Connection, session_id: str, content: str, now: float) -> int:
    """Store what the user asked; the message's id."""
    values = {"session_id": session_id, "role": USER, "content": content, "timestamp": now}
    new_id: int = connection.execute(_INSERT_QUESTION, values).scalar_one()
    return new_id


def append_answer(connection: Connection, session_id: str, question_id: int, answer: NewAnswer) -> None:
    """Store what was answered to that question."""
    values = {name: getattr(answer, name) for name in _NAMES_OF_ANSWER}
    values |= {"session_id": session_id, "role": ASSISTANT, "reply_to": question_id, "degraded": int(answer.degraded)}
    connection.execute(_INSERT, values)


def turns(connection: Connection, session_id: str, after: int, limit: int) -> list[TurnRow]:
    """The last `limit` answered questions with ids above `after`, oldest first."""
    rows = connection.execute(_TURNS, {"session": session_id, "after": after, "limit": limit}).all()
    return [TurnRow(*row) for row in reversed(rows)]


def list_all(connection: Connection, session_id: str, limit: int, offset: int) -> list[MessageRow]:
    """The session's messages, oldest first."""
    rows = connection.execute(_LIST, {"session": session_id, "limit": limit, "offset": offset})
    return [MessageRow(*row[:7], degraded=bool(row.degraded)) for row in rows]


def find_unanswered(connection: Connection, session_id: str) -> tuple[int, str] | None:
    """The last message's id and content, when it is a question that was never answered."""
    row = connection.execute(_LAST, {"session": session_id}).one_or_none()
    return (row.id, row.content) if row is not None and row.role == USER else None
