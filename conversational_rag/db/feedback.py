"""Feedback: what readers think of answers. It stands with the answer, and goes with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from conversational_rag.db.messages import ASSISTANT, Feedback
from conversational_rag.db.tables import clients, messages, sessions
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """An answer that somebody has rated, and the question it was given to."""

    session_id: str
    tenant: Tenant
    message_id: int
    question: str
    answer: str
    feedback: Feedback


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """Some of the rated answers, and how many there are in all."""

    rated: list[RatedAnswer]
    total: int


_RATE = update(messages).where(
    messages.c.session_id == bindparam("session"),
    messages.c.id == bindparam("message"),
    messages.c.role == ASSISTANT,
)
_questions = messages.alias("questions")
_SELECT = (
    select(
        messages.c.session_id,
        sessions.c.client_id,
        messages.c.id,
        func.coalesce(_questions.c.content, ""),
        messages.c.content,
        messages.c.rating,
        messages.c.comment,
        messages.c.rated_at,
    )
    .join(sessions, sessions.c.session_id == messages.c.session_id)
    .outerjoin(_questions, _questions.c.id == messages.c.reply_to)
)
_OF_SESSIONS = messages.join(sessions, sessions.c.session_id == messages.c.session_id).join(
    clients, clients.c.client_id == sessions.c.client_id
)
_NEWEST_FIRST = (messages.c.rated_at.desc(), messages.c.id.desc())


def rate(connection: Connection, session_id: str, message_id: int, feedback: Feedback | None) -> None:
    """Keep what is thought of an answer of the session, None: forget it."""
    given = (None, None, None) if feedback is None else (feedback.rating, feedback.comment, feedback.timestamp)
    values = dict(zip(("rating", "comment", "rated_at"), given, strict=True))
    connection.execute(_RATE.values(**values), {"session": session_id, "message": message_id})


def list_page(connection: Connection, tenant: Tenant, rating: str | None, limit: int, offset: int) -> FeedbackPage:
    """The client's rated answers, those last that were rated first; `rating` None: however they were rated."""
    return _page(connection, [sessions.c.client_id == tenant.client_id], rating, limit, offset)


def admin_list_page(connection: Connection, rating: str | None, limit: int, offset: int) -> FeedbackPage:
    """The same of everybody's."""
    return _page(connection, [], rating, limit, offset)


def _page(
    connection: Connection, own: Sequence[ColumnElement[bool]], rating: str | None, limit: int, offset: int
) -> FeedbackPage:
    wanted = [*own, clients.c.deleting == 0, messages.c.rating.is_not(None)]
    if rating is not None:
        wanted.append(messages.c.rating == rating)
    # An index has all that this needs; the long rows are read of those alone that are shown.
    found = select(messages.c.id).select_from(_OF_SESSIONS).where(*wanted)
    shown = found.order_by(*_NEWEST_FIRST).limit(limit).offset(offset).subquery("shown")
    rows = connection.execute(_SELECT.join(shown, shown.c.id == messages.c.id).order_by(*_NEWEST_FIRST))
    rated = [
        RatedAnswer(session_id, Tenant(client_id), message_id, question, answer, Feedback(*feedback))
        for session_id, client_id, message_id, question, answer, *feedback in rows
    ]
    total = connection.execute(select(func.count()).select_from(found.subquery("found"))).scalar_one()
    return FeedbackPage(rated, total)
