"""Sessions with their titles: as they are listed, searched and renamed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, update

from conversational_rag.db import session_texts, titles
from conversational_rag.db.messages import USER
from conversational_rag.db.sessions import COLUMNS, LIVING, SessionRow, session_row
from conversational_rag.db.tables import clients, messages, sessions
from conversational_rag.security.tenants import Tenant

# More than a title has; the rest of a long question need not be read.
_CHARACTERS_READ = 1000


@dataclass(frozen=True, slots=True)
class TitledSession:
    """A session and what it is called: by the name it was given, else by its first question; never empty."""

    session: SessionRow
    title: str


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some of the sessions that were asked for, and how many there are in all."""

    sessions: list[TitledSession]
    total: int


_FIRST_QUESTION = (
    select(func.substr(messages.c.content, 1, _CHARACTERS_READ))
    .where(messages.c.session_id == sessions.c.session_id, messages.c.role == USER)
    .order_by(messages.c.id)
    .limit(1)
    .scalar_subquery()
)
_TITLED = (*COLUMNS, sessions.c.title, _FIRST_QUESTION.label("question"))
_THIS = sessions.c.session_id == bindparam("session")
_FIND = select(*_TITLED).where(_THIS)
_LAST_USED_FIRST = (sessions.c.last_accessed.desc(), sessions.c.session_id)


def titled(connection: Connection, session: SessionRow) -> TitledSession:
    """A session that was found, with its title."""
    return _titled(connection.execute(_FIND, {"session": session.session_id}).one())


def set_title(connection: Connection, session: SessionRow, title: str | None) -> TitledSession:
    """Call the session so; None: by its first question."""
    connection.execute(update(sessions).where(_THIS).values(title=title), {"session": session.session_id})
    renamed = titled(connection, session)
    session_texts.set_title(connection, session.session_id, renamed.title)
    return renamed


def list_page(
    connection: Connection, tenant: Tenant, line: str | None, words: str, now: float, limit: int, offset: int
) -> SessionPage:
    """The client's living sessions whose title or messages hold the words, the last used first; no words: all.

    Of these those that a line of keys has begun, None for all.
    """
    own = [sessions.c.client_id == tenant.client_id, *([] if line is None else [sessions.c.begun_by == line])]
    return _page(connection, own, words, now, limit, offset)


def admin_list_page(connection: Connection, words: str, now: float, limit: int, offset: int) -> SessionPage:
    """The same of everybody's sessions."""
    return _page(connection, [], words, now, limit, offset)


def _page(
    connection: Connection, own: Sequence[ColumnElement[bool]], words: str, now: float, limit: int, offset: int
) -> SessionPage:
    values = {"now": now, "words": session_texts.fold(words)}
    wanted = [*own, LIVING, clients.c.deleting == 0, *([session_texts.holds_words()] if values["words"] else [])]
    # Looked through once: each of the found says how many they are. The rest is read of those alone that are shown.
    found = (
        select(sessions.c.session_id, func.count().over().label("total"))
        .join(clients)
        .where(*wanted)
        .order_by(*_LAST_USED_FIRST)
        .limit(limit)
        .offset(offset)
        .subquery("found")
    )
    statement = select(*_TITLED, found.c.total).join(found, found.c.session_id == sessions.c.session_id)
    rows = connection.execute(statement.order_by(*_LAST_USED_FIRST), values).all()
    if rows or not offset:
        return SessionPage([_titled(row) for row in rows], rows[0].total if rows else 0)
    count = select(func.count()).select_from(sessions.join(clients)).where(*wanted)
    return SessionPage([], connection.execute(count, values).scalar_one())


def _titled(row: Row[*tuple[Any, ...]]) -> TitledSession:
    session = session_row(row)
    return TitledSession(session, row.title or titles.automatic(row.question or "") or session.session_id)
