"""A turn as SQL keeps it: a question, and then its answer. All of it runs inside the caller's transaction."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from conversational_rag.db import clients, messages, replies, session_texts, sessions, titles, usage
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.engine import Connection
from conversational_rag.db.group_commit import Write
from conversational_rag.db.messages import NewAnswer
from conversational_rag.db.sessions import SessionRow
from conversational_rag.db.usage import UsageRow
from conversational_rag.errors import ClientNotFound, SessionNotFound
from conversational_rag.rag.conversation import Turn
from conversational_rag.security.principals import Principal
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.kept_answers import Reply
from conversational_rag.services.recent_conversations import Conversation

# More turns than any memory sends to a model; older ones stay stored.
TURNS_LOADED = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is stored: whose it is, the conversation before it, and its message id."""

    client: ClientRow
    conversation: Conversation
    question_id: int
    question: str
    new_session: bool
    write: Write["Asked"] | None = None

    async def stored(self) -> None:
        """Wait until it stands. Raises DatabaseUnavailable, StorageFull."""
        if self.write is not None:
            await self.write.stored()


class Turns:
    """Stores questions and answers. `now` tells Unix seconds; a session lives `ttl_seconds` after its last turn, for
    ever with 0. `in_flight` are the ids of questions that are being answered."""

    def __init__(self, ttl_seconds: int, now: Callable[[], float]) -> None:
        self._ttl_seconds, self._now = ttl_seconds, now
        self.in_flight: set[int] = set()

    def ask(
        self,
        connection: Connection,
        tenant: Tenant,
        session_id: str | None,
        question: str,
        cached: Conversation | None,
        caller: Principal,
        may_begin: bool,
    ) -> Asked:
        """Store a question behind what is `cached` of its conversation, or what is stored.

        Raises SessionNotFound, ClientNotFound.
        """
        client, now = _require_client(connection, tenant), self._now()
        found = self._find(connection, tenant, session_id, now, caller) if session_id else None
        if found is None:
            if not may_begin:
                raise SessionNotFound
            session = self._create(connection, tenant, session_id or str(uuid.uuid4()), question, now, caller.line)
            question_id = messages.append_question(connection, session.session_id, question, now)
            return Asked(client, Conversation(session), question_id, question, new_session=True)
        if cached is not None and is_same(cached.session, found):
            turns = cached.turns
        else:
            turns = _load(connection, found.session_id)
        question_id = self._store_question(connection, found, question, now)
        return Asked(client, Conversation(found, turns), question_id, question, new_session=False)

    def _find(
        self, connection: Connection, tenant: Tenant, session_id: str, now: float, caller: Principal
    ) -> SessionRow | None:
        """The living session; one whose time has run out is removed."""
        found = sessions.admin_find(connection, session_id)
        if found is None:
            return None
        if found.is_expired(now):
            sessions.remove(connection, found.tenant, session_id)
            return None
        require_within(found, tenant, caller)
        return found

    def _create(
        self,
        connection: Connection,
        tenant: Tenant,
        session_id: str,
        question: str,
        now: float,
        begun_by: str | None,
    ) -> SessionRow:
        until = self._expires_at(now)
        session = sessions.create(connection, tenant, session_id, now, until, message_count=1, begun_by=begun_by)
        session_texts.add(connection, session_id, session_texts.TITLE, titles.automatic(question))
        return session

    def _store_question(self, connection: Connection, session: SessionRow, question: str, now: float) -> int:
        tenant, session_id = session.tenant, session.session_id
        unanswered = messages.find_unanswered(connection, session_id)
        if unanswered is not None and unanswered[1] == question and unanswered[0] not in self.in_flight:
            sessions.touch(connection, tenant, session_id, now, self._expires_at(now), new_messages=0)
            return unanswered[0]
        sessions.touch(connection, tenant, session_id, now, self._expires_at(now), new_messages=1)
        return messages.append_question(connection, session_id, question, now)

    def answer(
        self,
        connection: Connection,
        asked: Asked,
        answer: NewAnswer,
        spent: UsageRow,
        memory: tuple[int, str] | None,
        kept: Reply | None,
    ) -> tuple[SessionRow, int] | None:
        """Store the answer and what it has cost: the session as it is then, and the message id; None without it."""
        session, now = asked.conversation.session, answer.timestamp
        usage.record(connection, session.tenant, spent, now)
        until, stored = self._expires_at(now), None
        if _is_there(connection, session):
            stored = sessions.touch(connection, session.tenant, session.session_id, now, until, 1)
        if stored is None:
            return None
        message_id = messages.append_answer(connection, session.session_id, asked.question_id, answer)
        if kept is not None:
            replies.set_answer(connection, session.tenant, kept.key, kept.dump(message_id))
        if memory is None:
            return stored, message_id
        sessions.set_memory(connection, session.session_id, *memory)
        return replace(stored, memory_start=memory[0], summary=memory[1]), message_id

    def set_summary(
        self, connection: Connection, conversation: Conversation, memory_start: int, summary: str, spent: UsageRow
    ) -> None:
        """Store a summary of the turns up to `memory_start`, and what it has cost."""
        session = conversation.session
        usage.record(connection, session.tenant, spent, self._now())
        if _is_there(connection, session):
            sessions.set_memory(connection, session.session_id, memory_start, summary)

    def _expires_at(self, now: float) -> float | None:
        return now + self._ttl_seconds if self._ttl_seconds else None


def _require_client(connection: Connection, tenant: Tenant) -> ClientRow:
    client = clients.find(connection, tenant)
    if client is None:
        raise ClientNotFound
    return client


def look(connection: Connection, tenant: Tenant, session_id: str | None) -> tuple[ClientRow, SessionRow | None]:
    """The client, and the session of that id, whosever it is. Raises ClientNotFound."""
    client = _require_client(connection, tenant)
    return client, sessions.admin_find(connection, session_id) if session_id else None


def _is_there(connection: Connection, session: SessionRow) -> bool:
    """Whether the session lives; while a model spoke it may have been deleted, and begun anew by somebody else."""
    found = sessions.find(connection, session.tenant, session.session_id)
    return found is not None and is_same(found, session)


def is_same(one: SessionRow, other: SessionRow) -> bool:
    """Whether it is one session; ids can be used again."""
    return (one.tenant, one.created_at, one.begun_by) == (other.tenant, other.created_at, other.begun_by)


def require_within(session: SessionRow, tenant: Tenant, caller: Principal) -> None:
    """Raise SessionNotFound when it is another's."""
    if not caller.reach(tenant).includes(session.tenant, session.begun_by):
        raise SessionNotFound


def _load(connection: Connection, session_id: str) -> tuple[Turn, ...]:
    rows = messages.turns(connection, session_id, after=0, limit=TURNS_LOADED)
    return tuple(Turn(row.question_id, row.question, row.answer) for row in rows)
