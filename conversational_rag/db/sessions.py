"""Sessions: conversations that can be taken up again, each of one client."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, or_, select, update

from conversational_rag.db.prepared import Prepared
from conversational_rag.db.tables import clients, messages, replies, sessions
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session; times in Unix seconds, `expires_at` None for never. `begun_by` is a line of keys, None without a key.

    `memory_start` is the id of the last message that is no longer sent to the model: `summary` stands for it and
    those before it.
    """

    session_id: str
    tenant: Tenant
    created_at: float
    last_accessed: float
    expires_at: float | None
    message_count: int
    memory_start: int
    summary: str
    begun_by: str | None

    def is_expired(self, now: float) -> bool:
        """Whether its time has run out."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class SessionTotals:
    """What the session store holds."""

    sessions: int
    active: int
    messages: int


COLUMNS = (
    sessions.c.session_id,
    sessions.c.client_id,
    sessions.c.created_at,
    sessions.c.last_accessed,
    sessions.c.expires_at,
    sessions.c.message_count,
    sessions.c.memory_start,
    sessions.c.summary,
    sessions.c.begun_by,
)
_THIS = sessions.c.session_id == bindparam("session")
_FIND = Prepared(select(*COLUMNS).where(_THIS))
_NEW = ("session_id", "client_id", "created_at", "last_accessed", "expires_at", "message_count", "begun_by")
_CREATE = Prepared(insert(sessions), _NEW)
_TOUCH = Prepared(
    update(sessions)
    .where(_THIS, sessions.c.client_id == bindparam("client"))
    .values(
        last_accessed=bindparam("now"),
        expires_at=bindparam("until"),
        message_count=sessions.c.message_count + bindparam("new_messages"),
    )
    .returning(*COLUMNS)
)
LIVING = or_(sessions.c.expires_at.is_(None), sessions.c.expires_at > bindparam("now"))
_TOTALS = select(
    func.count(), func.count().filter(LIVING), func.coalesce(func.sum(sessions.c.message_count), 0)
).select_from(sessions)


def find(connection: Connection, tenant: Tenant, session_id: str) -> SessionRow | None:
    """The client's session, expired or not; None when it is not there or another client's."""
    session = admin_find(connection, session_id)
    return session if session is not None and session.tenant == tenant else None


def create(
    connection: Connection,
    tenant: Tenant,
    session_id: str,
    now: float,
    expires_at: float | None,
    message_count: int = 0,
    begun_by: str | None = None,
) -> SessionRow:
    """Make a session, for as many messages as are about to be stored in it."""
    values = {
        "session_id": session_id,
        "client_id": tenant.client_id,
        "created_at": now,
        "last_accessed": now,
        "expires_at": expires_at,
        "message_count": message_count,
        "begun_by": begun_by,
    }
    _CREATE.run(connection, values)
    return SessionRow(session_id, tenant, now, now, expires_at, message_count, 0, "", begun_by)


def touch(
    connection: Connection, tenant: Tenant, session_id: str, now: float, expires_at: float | None, new_messages: int
) -> SessionRow | None:
    """The client's session was used just now, and has so many messages more; None when it is not there."""
    values = {"session": session_id, "client": tenant.client_id, "now": now, "until": expires_at}
    return _session(_TOUCH.row(connection, {**values, "new_messages": new_messages}))


def set_memory(connection: Connection, session_id: str, memory_start: int, summary: str) -> None:
    """From here on the model is sent what follows `memory_start`, after `summary`."""
    statement = update(sessions).where(_THIS).values(memory_start=memory_start, summary=summary)
    connection.execute(statement, {"session": session_id})


def remove(connection: Connection, tenant: Tenant, session_id: str) -> int | None:
    """Delete the session with its messages; how many messages went, None when there was no such session."""
    if find(connection, tenant, session_id) is None:
        return None
    return _delete(connection, [session_id])


def list_ids(
    connection: Connection, tenant: Tenant, line: str | None, now: float, limit: int, offset: int
) -> list[str]:
    """The client's living sessions, the last used first; of these those that a line of keys has begun, None for all."""
    own = [sessions.c.client_id == tenant.client_id, *([] if line is None else [sessions.c.begun_by == line])]
    return _ids(connection, select(sessions.c.session_id).where(*own), now, limit, offset)


def admin_find(connection: Connection, session_id: str) -> SessionRow | None:
    """The session, whoever's it is, expired or not."""
    return _session(_FIND.row(connection, {"session": session_id}))


def admin_list_ids(connection: Connection, now: float, limit: int, offset: int) -> list[str]:
    """Everybody's living sessions, the last used first."""
    return _ids(connection, select(sessions.c.session_id), now, limit, offset)


def totals(connection: Connection, tenant: Tenant, now: float) -> SessionTotals:
    """Counts over the client's sessions."""
    return _totals(connection, _TOTALS.where(sessions.c.client_id == tenant.client_id), now)


def admin_totals(connection: Connection, now: float) -> SessionTotals:
    """Counts over everybody's sessions."""
    return _totals(connection, _TOTALS, now)


def admin_delete_expired(connection: Connection, now: float, limit: int) -> list[str]:
    """Delete up to `limit` sessions whose time has run out; their ids."""
    expired = select(sessions.c.session_id).where(sessions.c.expires_at <= now).order_by(sessions.c.expires_at)
    ids = list(connection.execute(expired.limit(limit)).scalars())
    _delete(connection, ids)
    return ids


def admin_delete_orphans(connection: Connection, session_id: str) -> int:
    """Delete what is left of a session that is gone; how many rows there were."""
    left = connection.execute(delete(messages).where(messages.c.session_id == session_id)).rowcount
    answered = delete(replies).where(replies.c.session_id == session_id, replies.c.answer.is_not(None))
    return left + connection.execute(answered).rowcount


def session_row(row: Sequence[Any]) -> SessionRow:
    """The session in the first columns of a row, which are COLUMNS."""
    session_id, client_id, *rest = row[: len(COLUMNS)]
    return SessionRow(session_id, Tenant(client_id), *rest)


def _session(row: Sequence[Any] | None) -> SessionRow | None:
    return None if row is None else session_row(row)


def _delete(connection: Connection, session_ids: Sequence[str]) -> int:
    # Those that are being answered see for themselves that the session has gone.
    answered = replies.c.answer.is_not(None)
    connection.execute(delete(replies).where(replies.c.session_id.in_(session_ids), answered))
    gone = connection.execute(delete(messages).where(messages.c.session_id.in_(session_ids))).rowcount
    connection.execute(delete(sessions).where(sessions.c.session_id.in_(session_ids)))
    return gone


def _totals(connection: Connection, statement: Select[Any], now: float) -> SessionTotals:
    return SessionTotals(*connection.execute(statement, {"now": now}).one())


def _ids(connection: Connection, statement: Select[Any], now: float, limit: int, offset: int) -> list[str]:
    statement = (
        statement.join(clients)
        .where(LIVING, clients.c.deleting == 0)
        .order_by(sessions.c.last_accessed.desc(), sessions.c.session_id)
        .limit(limit)
        .offset(offset)
    )
    return list(connection.execute(statement, {"now": now}).scalars())
