"""Replies: a question that comes again with the same Idempotency-Key is answered by what was answered before."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from conversational_rag.db import clients, replies, sessions
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.replies import ReplyRow
from conversational_rag.errors import ClientNotFound, KeyReused
from conversational_rag.rag.events import Said
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import kept_answers
from conversational_rag.services.chat import Ask, Chat
from conversational_rag.services.chat_events import ChatEvent, End, Start
from conversational_rag.services.conversations import Clock
from conversational_rag.services.kept_answers import KeptAnswer, Reply

_KEPT_SECONDS = 86_400.0
# Of one client; whoever sends more keys a day loses the oldest.
_MOST_KEPT = 1000


class Replies:
    """Chat, with the keys of those who may ask twice. Whoever asks again while it is being answered waits for that."""

    def __init__(self, database: Database, chat: Chat, now: Clock) -> None:
        self._database, self._chat, self._now = database, chat, now
        self._under_way: dict[tuple[Tenant, str], _UnderWay] = {}

    async def answer(self, ask: Ask, key: str | None) -> End:
        """The whole answer at once. Raises what `Chat.answer` does, and KeyReused."""
        if key is None:
            return await self._chat.answer(ask)
        async with aclosing(self._once(ask, key, visible=False)) as events:
            async for event in events:
                if isinstance(event, End):
                    return event
        raise AssertionError("a turn ends with End")

    def events(self, ask: Ask, key: str | None) -> AsyncGenerator[ChatEvent, None]:
        """The answer as it is written; one that was kept comes in one piece. Raises as `answer` does."""
        return self._chat.events(ask) if key is None else self._once(ask, key, visible=True)

    async def cleanup(self) -> int:
        """Forget what was answered a day ago; how many answers."""
        return await self._database.write(replies.admin_delete_older, self._now() - _KEPT_SECONDS)

    async def _once(self, ask: Ask, key: str, *, visible: bool) -> AsyncGenerator[ChatEvent, None]:
        reply = await self._claim(ask, key)
        answered = None if reply.answer is None else kept_answers.load(reply.answer)
        if answered is not None:
            self._end(ask.tenant, key)
            for event in _again(ask, reply, answered):
                yield event
            return
        own = replace(ask, session_id=reply.session_id, is_own_id=ask.session_id is None, reply_key=key)
        try:
            async with aclosing(self._chat.events(own, visible=visible)) as events:
                async for event in events:
                    yield await self._kept(own, key, reply, event) if isinstance(event, End) else event
        finally:
            try:
                # Nothing to delete when there was an answer.
                await asyncio.shield(self._database.write(replies.delete_unanswered, ask.tenant, key))
            finally:
                self._end(ask.tenant, key)

    async def _kept(self, ask: Ask, key: str, reply: ReplyRow, end: End) -> End:
        """With a memory the answer was kept together with its message."""
        if not ask.use_memory:
            answer = Reply(key, end.answered).dump(message_id=None)
            await self._database.write(replies.set_answer, ask.tenant, key, answer)
        return replace(end, new_session=reply.new_session)

    async def _claim(self, ask: Ask, key: str) -> ReplyRow:
        """What is known under the key; whoever gets no answer by it is the one who answers."""
        place, digest = (ask.tenant, key), _digest(ask)
        while (other := self._under_way.get(place)) is not None:
            if other.request_hash != digest:
                raise KeyReused
            await other.ended.wait()
        self._under_way[place] = _UnderWay(digest)
        try:
            return await self._database.write(_reserve, ask, key, digest, self._now())
        except BaseException:
            self._end(ask.tenant, key)
            raise

    def _end(self, tenant: Tenant, key: str) -> None:
        self._under_way.pop((tenant, key)).ended.set()


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A question that is being answered."""

    request_hash: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)


def _digest(ask: Ask) -> str:
    return hashlib.sha256(json.dumps([ask.message, ask.session_id, ask.use_memory]).encode()).hexdigest()


def _reserve(connection: Connection, ask: Ask, key: str, digest: str, now: float) -> ReplyRow:
    """The key's row. One without an answer was left by a process that died: its session is used again, so that the
    question which may stand there unanswered is not stored twice."""
    if clients.find(connection, ask.tenant) is None:
        raise ClientNotFound
    known = replies.find(connection, ask.tenant, key)
    if known is None:
        known = _new(connection, ask, key, digest, now)
        replies.insert_new(connection, ask.tenant, known, _MOST_KEPT)
    elif known.request_hash != digest:
        raise KeyReused
    return known


def _new(connection: Connection, ask: Ask, key: str, digest: str, now: float) -> ReplyRow:
    session = sessions.admin_find(connection, ask.session_id) if ask.session_id else None
    is_new = session is None or session.is_expired(now)
    return ReplyRow(key, digest, ask.session_id or str(uuid.uuid4()), is_new, now)


def _again(ask: Ask, reply: ReplyRow, answered: KeptAnswer) -> tuple[ChatEvent, ...]:
    start = Start(reply.session_id, ask.tenant, answered.passages, answered.model)
    end = End(reply.session_id, ask.tenant, answered, ask.use_memory, reply.new_session, answered.message_id)
    return start, Said(answered.text), end
