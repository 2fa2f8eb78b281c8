"""Sessions: they can be looked at, searched, renamed, deleted, and they expire."""

from dataclasses import dataclass, replace

from conversational_rag.db import clients, messages, replies, sessions, space, titled_sessions
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.messages import MessageRow
from conversational_rag.db.sessions import SessionRow, SessionTotals
from conversational_rag.db.titled_sessions import SessionPage, TitledSession
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

    async def find(self, reach: Reach, session_id: str) -> TitledSession:
        """The session. Raises SessionNotFound."""
        return await self._database.read(_titled, reach, session_id)

    async def rename(self, reach: Reach, session_id: str, title: str | None) -> TitledSession:
        """Give the living session a title, None: the automatic one. Raises SessionNotFound."""
        return await self._database.write(_rename, reach, session_id, title, self._conversations.now())

    async def messages(self, reach: Reach, session_id: str, limit: int, offset: int) -> list[MessageRow]:
        """Its messages, oldest first. Raises SessionNotFound."""
        return await self._database.read(_messages, reach, session_id, limit, offset)

    async def list_ids(self, reach: Reach, limit: int, offset: int) -> list[str]:
        """Living sessions, the last used first."""
        now = self._conversations.now()
        if reach.tenant is None:
            return await self._database.read(sessions.admin_list_ids, now, limit, offset)
        return await self._database.read(sessions.list_ids, reach.tenant, reach.line, now, limit, offset)

    async def search(self, reach: Reach, words: str, limit: int, offset: int) -> SessionPage:
        """Living sessions whose titles or messages hold the words, the last used first; no words: all of them."""
        now = self._conversations.now()
        if reach.tenant is None:
            return await self._database.read(titled_sessions.admin_list_page, words, now, limit, offset)
        own = (reach.tenant, reach.line)
        return await self._database.read(titled_sessions.list_page, *own, words, now, limit, offset)

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


def find_within(connection: Connection, reach: Reach, session_id: str) -> SessionRow:
    """The session, expired or not. Raises SessionNotFound when it is out of reach, as if it were not there."""
    session = sessions.admin_find(connection, session_id)
    if session is None or not reach.includes(session.tenant, session.begun_by):
        raise SessionNotFound
    if clients.find(connection, session.tenant) is None:
        raise SessionNotFound
    return session


def find_living(connection: Connection, reach: Reach, session_id: str, now: float) -> SessionRow:
    """The session, to be changed. Raises SessionNotFound also when its time has run out."""
    session = find_within(connection, reach, session_id)
    if session.is_expired(now):
        raise SessionNotFound
    return session


def _titled(connection: Connection, reach: Reach, session_id: str) -> TitledSession:
    return titled_sessions.titled(connection, find_within(connection, reach, session_id))


def _rename(connection: Connection, reach: Reach, session_id: str, title: str | None, now: float) -> TitledSession:
    return titled_sessions.set_title(connection, find_living(connection, reach, session_id, now), title)


def _messages(connection: Connection, reach: Reach, session_id: str, limit: int, offset: int) -> list[MessageRow]:
    find_within(connection, reach, session_id)
    return messages.list_all(connection, session_id, limit, offset)


def _delete(connection: Connection, reach: Reach, session_id: str) -> Departure:
    session, before = find_within(connection, reach, session_id), space.free_bytes(connection)
    kept_replies = replies.count_of_session(connection, session_id)
    gone = sessions.remove(connection, session.tenant, session_id) or 0
    return Departure(session.tenant, gone, kept_replies, space.free_bytes(connection) - before)


def _sweep(connection: Connection, session_id: str) -> int:
    """Look again; what is still there goes now. Somebody may have begun a new session of that id."""
    if sessions.admin_find(connection, session_id) is not None:
        return 0
    return sessions.admin_delete_orphans(connection, session_id)
