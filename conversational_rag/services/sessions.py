"""Sessions: they can be looked at, listed, deleted, and they expire."""

from dataclasses import dataclass, replace

from conversational_rag.db import clients, messages, replies, sessions, space
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.messages import MessageRow
from conversational_rag.db.sessions import SessionRow, SessionTotals
from conversational_rag.errors import SessionNotFound
from conversational_rag.security.principals import Reach
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.leftovers import NOTHING, Leftovers

# Deleting many sessions in one statement keeps writers waiting for a second: slices take a few milliseconds.
_CLEANUP_SLICE = 50


@dataclass(frozen=True, slots=True)
class Departure:
    """What went with a session: rows in SQL, and the bytes of the database's file that they left free."""

    tenant: Tenant
    messages: int
    replies: int
    database_bytes: int
    leftovers: Leftovers = NOTHING


class Sessions:
    """What can be asked of, and done to, sessions within reach."""

    def __init__(self, database: Database, conversations: Conversations) -> None:
        self._database, self._conversations = database, conversations

    async def find(self, reach: Reach, session_id: str) -> SessionRow:
        """The session. Raises SessionNotFound."""
        return await self._database.read(_find, reach, session_id)

    async def messages(self, reach: Reach, session_id: str, limit: int, offset: int) -> list[MessageRow]:
        """Its messages, oldest first. Raises SessionNotFound."""
        return await self._database.read(_messages, reach, session_id, limit, offset)

    async def list_ids(self, reach: Reach, limit: int, offset: int) -> list[str]:
        """Living sessions, the last used first."""
        now = self._conversations.now()
        if reach.tenant is None:
            return await self._database.read(sessions.admin_list_ids, now, limit, offset)
        return await self._database.read(sessions.list_ids, reach.tenant, reach.line, now, limit, offset)

    async def delete(self, reach: Reach, session_id: str) -> Departure:
        """Delete the session with all its messages. Raises SessionNotFound."""
        gone = await self._database.write(_delete, reach, session_id)
        self._conversations.forget([session_id])
        left = await self._database.write(_sweep, session_id)
        await self._database.compact()
        return replace(gone, leftovers=Leftovers(rows=left))

    async def totals(self, tenant: Tenant | None) -> SessionTotals:
        """Counts over the client's sessions, None: over everybody's."""
        if tenant is None:
            return await self._database.read(sessions.admin_totals, self._conversations.now())
        return await self._database.read(sessions.totals, tenant, self._conversations.now())

    async def cleanup(self) -> int:
        """Delete the sessions whose time has run out; how many went."""
        removed = 0
        while expired := await self._database.write(
            sessions.admin_delete_expired, self._conversations.now(), _CLEANUP_SLICE
        ):
            removed += len(expired)
            self._conversations.forget(expired)
        return removed

    def database_bytes(self) -> int:
        """What the database takes on disk."""
        return self._database.size_bytes()


def _find(connection: Connection, reach: Reach, session_id: str) -> SessionRow:
    session = sessions.admin_find(connection, session_id)
    if session is None or not reach.includes(session.tenant, session.begun_by):
        raise SessionNotFound
    if clients.find(connection, session.tenant) is None:
        raise SessionNotFound
    return session


def _messages(connection: Connection, reach: Reach, session_id: str, limit: int, offset: int) -> list[MessageRow]:
    _find(connection, reach, session_id)
    return messages.list_all(connection, session_id, limit, offset)


def _delete(connection: Connection, reach: Reach, session_id: str) -> Departure:
    session, before = _find(connection, reach, session_id), space.free_bytes(connection)
    kept_replies = replies.count_of_session(connection, session_id)
    gone = sessions.remove(connection, session.tenant, session_id) or 0
    return Departure(session.tenant, gone, kept_replies, space.free_bytes(connection) - before)


def _sweep(connection: Connection, session_id: str) -> int:
    """Look again; what is still there goes now. Somebody may have begun a new session of that id."""
    if sessions.admin_find(connection, session_id) is not None:
        return 0
    return sessions.admin_delete_orphans(connection, session_id)
