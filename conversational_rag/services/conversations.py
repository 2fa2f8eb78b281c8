"""Conversations: a session takes a question, and then its answer. The last used ones are kept in memory.

Every change goes to SQL first.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from conversational_rag.db.clients import ClientRow
from conversational_rag.db.engine import Database
from conversational_rag.db.messages import NewAnswer
from conversational_rag.db.usage import UsageRow
from conversational_rag.errors import SessionNotFound
from conversational_rag.rag.conversation import Turn
from conversational_rag.security.principals import ANYBODY, Principal
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.kept_answers import Reply
from conversational_rag.services.recent_conversations import Conversation, RecentConversations
from conversational_rag.services.turns import TURNS_LOADED, Asked, Turns, is_same, look, require_within

Clock = Callable[[], float]


class Conversations:
    """The conversations of all clients; `ttl_seconds` 0 keeps them for ever."""

    def __init__(self, database: Database, *, ttl_seconds: int, max_cached: int, now: Clock = time.time) -> None:
        self._database, self.now = database, now
        self._recent = RecentConversations(max_cached)
        self._turns = Turns(ttl_seconds, now)

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
        write = self._database.begin_write(self._turns.ask, tenant, session_id, question, cached, caller, may_begin)
        asked = replace(await write.outcome(), write=write)
        self._turns.in_flight.add(asked.question_id)
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
        self._turns.in_flight.discard(asked.question_id)
        session_id = asked.conversation.session.session_id
        stored = await self._database.write_together(self._turns.answer, asked, answer, spent, memory, kept)
        if stored is None:
            self._recent.forget([session_id])
            return None
        session, message_id = stored
        before = self._recent.get(session_id) or asked.conversation
        turn = Turn(asked.question_id, asked.question, answer.content)
        self._recent.put(Conversation(session, (*before.turns, turn)[-TURNS_LOADED:]))
        return message_id

    def give_up(self, asked: Asked) -> None:
        """No answer will come; asked again, the same question is not stored twice."""
        self._turns.in_flight.discard(asked.question_id)

    async def set_summary(self, conversation: Conversation, memory_start: int, summary: str, spent: UsageRow) -> None:
        """Keep a summary of the turns up to `memory_start`, and what it has cost."""
        session_id = conversation.session.session_id
        await self._database.write(self._turns.set_summary, conversation, memory_start, summary, spent)
        cached = self._recent.get(session_id)
        if cached is not None and is_same(cached.session, conversation.session):
            session = replace(cached.session, memory_start=memory_start, summary=summary)
            self._recent.replace(replace(cached, session=session))

    async def peek(
        self, tenant: Tenant, session_id: str | None, caller: Principal = ANYBODY, *, may_begin: bool = True
    ) -> tuple[ClientRow, bool]:
        """The client, and whether the session is new to it. Raises as `ask` does."""
        client, found = await self._database.read(look, tenant, session_id)
        if found is None or found.is_expired(self.now()):
            if not may_begin:
                raise SessionNotFound
            return client, True
        require_within(found, tenant, caller)
        return client, False

    def forget(self, session_ids: Iterable[str]) -> None:
        """These sessions have gone."""
        self._recent.forget(session_ids)

    def forget_client(self, tenant: Tenant) -> None:
        """The client has gone: nothing of it stays in memory."""
        self._recent.forget_client(tenant)
