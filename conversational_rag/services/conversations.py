"""Conversations: a session takes a question, and then its answer. The last used ones are kept in memory.

Every change goes to SQL first.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from conversational_rag.db import clients, messages, replies, session_texts, sessions, titles, usage
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.group_commit import Write
from conversational_rag.db.messages import NewAnswer
from conversational_rag.db.sessions import SessionRow
from conversational_rag.db.usage import UsageRow
from conversational_rag.errors import ClientNotFound, SessionNotFound
from conversational_rag.rag.conversation import Turn
from conversational_rag.security.principals import ANYBODY, Principal
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.kept_answers import Reply
from conversational_rag.services.recent_conversations import Conversation, RecentConversations

Clock = Callable[[], float]

# More turns than any memory sends to a model; older ones stay stored.
_TURNS_LOADED = 100


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


class Conversations:
    """The conversations of all clients; `ttl_seconds` 0 keeps them for ever."""

    def __init__(self, database: Database, *, ttl_seconds: int, max_cached: int, now: Clock = time.time) -> None:
        self._database, self._ttl_seconds, self.now = database, ttl_seconds, now
        self._recent = RecentConversations(max_cached)
        self._in_flight: set[int] = set()

    def count_cached(self, tenant: Tenant | None = None) -> int:
        """How many conversations of the client, None: of everybody, are kept in memory."""
        return self._recent.count(tenant)

    async def ask(
        self,
        tenant: Tenant,
        session_id: str | None,
        question: str,
        caller: Principal = ANYBODY,
        *,
        may_begin: bool = True,
    ) -> Asked:
        """Store a question, in a new session where there is none of that id, if it `may_begin` one.

        It stands when `stored` has returned; until then an answer can be prepared.

        Raises SessionNotFound when it may not, or the session is another's; ClientNotFound when the client has gone.
        """
        cached = self._recent.get(session_id) if session_id else None
        write = self._database.begin_write(self._ask, tenant, session_id, question, cached, caller, may_begin)
        asked = replace(await write.outcome(), write=write)
        self._in_flight.add(asked.question_id)
        self._recent.put(asked.conversation)
        return asked

    async def answer(
        self,
        asked: Asked,
        answer: NewAnswer,
        spent: UsageRow,
        memory: tuple[int, str] | None = None,
        kept: Reply | None = None,
    ) -> int | None:
        """Store the answer, what it has cost, and what the memory leaves out from now on (`memory_start`, `summary`).

        It is also `kept` for whoever asks again. Its message id; None when the session was deleted meanwhile, which it
        stays.
        """
        self._in_flight.discard(asked.question_id)
        session_id = asked.conversation.session.session_id
        stored = await self._database.write_together(self._answer, asked, answer, spent, memory, kept)
        if stored is None:
            self._recent.forget([session_id])
            return None
        session, message_id = stored
        before = self._recent.get(session_id) or asked.conversation
        turn = Turn(asked.question_id, asked.question, answer.content)
        self._recent.put(Conversation(session, (*before.turns, turn)[-_TURNS_LOADED:]))
        return message_id

    def give_up(self, asked: Asked) -> None:
        """No answer will come; asked again, the same question is not stored twice."""
        self._in_flight.discard(asked.question_id)

    async def set_summary(self, conversation: Conversation, memory_start: int, summary: str, spent: UsageRow) -> None:
        """Keep a summary of the turns up to `memory_start`, and what it has cost."""
        session_id = conversation.session.session_id
        await self._database.write(self._set_summary, conversation, memory_start, summary, spent)
        cached = self._recent.get(session_id)
        if cached is not None and _is_same(cached.session, conversation.session):
            session = replace(cached.session, memory_start=memory_start, summary=summary)
            self._recent.replace(replace(cached, session=session))

    async def peek(
        self, tenant: Tenant, session_id: str | None, caller: Principal = ANYBODY, *, may_begin: bool = True
    ) -> tuple[ClientRow, bool]:
        """The client, and whether the session is new to it. Raises as `ask` does."""
        client, found = await self._database.read(_look, tenant, session_id)
        if found is None or found.is_expired(self.now()):
            if not may_begin:
                raise SessionNotFound
            return client, True
        _require_within(found, tenant, caller)
        return client, False

    def forget(self, session_ids: Iterable[str]) -> None:
        """These sessions have gone."""
        self._recent.forget(session_ids)

    def forget_client(self, tenant: Tenant) -> None:
        """The client has gone: nothing of it stays in memory."""
        self._recent.forget_client(tenant)

    def _expires_at(self, now: float) -> float | None:
        return now + self._ttl_seconds if self._ttl_seconds else None

    def _ask(
        self,
        connection: Connection,
        tenant: Tenant,
        session_id: str | None,
        question: str,
        cached: Conversation | None,
        caller: Principal,
        may_begin: bool,
    ) -> Asked:
        client, now = _require_client(connection, tenant), self.now()
        found = self._find(connection, tenant, session_id, now, caller) if session_id else None
        if found is None:
            if not may_begin:
                raise SessionNotFound
            session = self._create(connection, tenant, session_id or str(uuid.uuid4()), question, now, caller.line)
            question_id = messages.append_question(connection, session.session_id, question, now)
            return Asked(client, Conversation(session), question_id, question, new_session=True)
        if cached is not None and _is_same(cached.session, found):
            turns = cached.turns
        else:
            turns = _load_turns(connection, found.session_id)
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
        _require_within(found, tenant, caller)
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
        if unanswered is not None and unanswered[1] == question and unanswered[0] not in self._in_flight:
            sessions.touch(connection, tenant, session_id, now, self._expires_at(now), new_messages=0)
            return unanswered[0]
        sessions.touch(connection, tenant, session_id, now, self._expires_at(now), new_messages=1)
        return messages.append_question(connection, session_id, question, now)

    def _answer(
        self,
        connection: Connection,
        asked: Asked,
        answer: NewAnswer,
        spent: UsageRow,
        memory: tuple[int, str] | None,
        kept: Reply | None,
    ) -> tuple[SessionRow, int] | None:
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

    def _set_summary(
        self, connection: Connection, conversation: Conversation, memory_start: int, summary: str, spent: UsageRow
    ) -> None:
        session = conversation.session
        usage.record(connection, session.tenant, spent, self.now())
        if _is_there(connection, session):
            sessions.set_memory(connection, session.session_id, memory_start, summary)


def _require_client(connection: Connection, tenant: Tenant) -> ClientRow:
    client = clients.find(connection, tenant)
    if client is None:
        raise ClientNotFound
    return client


def _look(connection: Connection, tenant: Tenant, session_id: str | None) -> tuple[ClientRow, SessionRow | None]:
    client = _require_client(connection, tenant)
    return client, sessions.admin_find(connection, session_id) if session_id else None


def _is_there(connection: Connection, session: SessionRow) -> bool:
    """Whether the session lives; while a model spoke it may have been deleted, and begun anew by somebody else."""
    found = sessions.find(connection, session.tenant, session.session_id)
    return found is not None and _is_same(found, session)


def _is_same(one: SessionRow, other: SessionRow) -> bool:
    """Whether it is one session; ids can be used again."""
    return (one.tenant, one.created_at, one.begun_by) == (other.tenant, other.created_at, other.begun_by)


def _require_within(session: SessionRow, tenant: Tenant, caller: Principal) -> None:
    if not caller.reach(tenant).includes(session.tenant, session.begun_by):
        raise SessionNotFound


def _load_turns(connection: Connection, session_id: str) -> tuple[Turn, ...]:
    rows = messages.turns(connection, session_id, after=0, limit=_TURNS_LOADED)
    return tuple(Turn(row.question_id, row.question, row.answer) for row in rows)
