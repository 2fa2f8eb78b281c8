"""Chat: a question is stored, answered from the client's documents, and its answer is stored.

No transaction is open while the model speaks. Whoever leaves in the middle finds what was said so far.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import structlog

from conversational_rag.db.clients import ClientRow
from conversational_rag.db.messages import COMPLETE, PARTIAL
from conversational_rag.db.sessions import SessionRow
from conversational_rag.embedding.recent import RecentVectors
from conversational_rag.errors import ModelError
from conversational_rag.llm.base import Usage
from conversational_rag.observability.metrics import Metrics
from conversational_rag.rag.chain import ConversationalRetrievalChain, Question
from conversational_rag.rag.citations import check_citations
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.events import Answered, Found, Reranked, Said, TurnEvent
from conversational_rag.rag.memory import Memory, Recall
from conversational_rag.rag.query import leaned_on, searched_text
from conversational_rag.rag.quoting import EXTRACTIVE
from conversational_rag.rag.retriever import Library
from conversational_rag.security.principals import ANYBODY, Principal
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.answer_cache import AnswerCache
from conversational_rag.services.chat_events import ChatEvent, End, Start
from conversational_rag.services.clients import Clients
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.kept_answers import Reply
from conversational_rag.services.recent_conversations import Conversation
from conversational_rag.services.stored_answers import stored_answer
from conversational_rag.services.token_budget import TokenBudget
from conversational_rag.services.turns import Asked
from conversational_rag.services.usage import UsageRecord, cost, cost_of_calls, unfinished

T = TypeVar("T")

_NOTHING = Usage()
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller asks; `session_id` None begins a new session, `is_own_id`: the service has made it up.

    The answer is kept under `reply_key`.
    """

    tenant: Tenant
    message: str
    session_id: str | None = None
    use_memory: bool = True
    reply_key: str | None = None
    caller: Principal = ANYBODY
    is_own_id: bool = False

    @property
    def may_begin(self) -> bool:
        """Whether a session that is not there is begun; strangers who share a key do not choose its name."""
        return self.session_id is None or self.is_own_id or not self.caller.is_public


class Chat:
    """The use case of a question: tenant and session, memory, chain, and the record of it all."""

    def __init__(
        self,
        clients: Clients,
        conversations: Conversations,
        chain: ConversationalRetrievalChain,
        memory: Memory,
        library: Callable[[ClientRow], Library],
        metrics: Metrics,
        cache: AnswerCache,
        usage: UsageRecord,
        budget: TokenBudget,
        vectors: RecentVectors,
    ) -> None:
        """`vectors` is told as early as possible what will be searched for."""
        self._clients, self._conversations, self._chain = clients, conversations, chain
        self._memory, self._library = memory, library
        self._metrics, self._cache, self._usage, self._budget = metrics, cache, usage, budget
        self._vectors = vectors
        self._afterwards: set[asyncio.Task[Any]] = set()

    async def answer(self, ask: Ask) -> End:
        """The whole answer at once. Raises ClientNotFound, SessionNotFound."""
        async with aclosing(self.events(ask, visible=False)) as events:
            async for event in events:
                if isinstance(event, End):
                    return event
        raise AssertionError("a turn ends with End")

    async def events(self, ask: Ask, *, visible: bool = True) -> AsyncGenerator[ChatEvent, None]:
        """Start, then Said again and again, then End; what `answer` raises is raised before the first of them.

        A model that breaks off after its first word raises its ModelError, when the words are `visible`.
        """
        asked_at = time.perf_counter()
        await self._clients.wait_until_searchable(ask.tenant)
        self._vectors.begin(searched_text(ask.message))
        turn = await self._begin(ask)
        said: list[str] = []
        try:
            async with aclosing(self._speak(turn.client, turn.question, visible)) as events:
                async for event in events:
                    if isinstance(event, Found):
                        turn.passages, turn.model = event.passages, event.model
                        yield Start(turn.session_id, ask.tenant, event.passages, event.model)
                    elif isinstance(event, Said):
                        if not said:
                            self._metrics.first_word.observe(time.perf_counter() - asked_at)
                        said.append(event.text)
                        yield event
                    elif isinstance(event, Reranked):
                        turn.spent = event.usage
                        self._metrics.count_cost(event.model, asdict(event.usage))
                    else:
                        self._metrics.count_answer(event.model, event.degraded, asdict(event.usage))
                        answered = replace(event, usage=turn.spent + event.usage)
                        # Shielded: a reader who leaves at the last moment takes nothing with him.
                        kept_as = await asyncio.shield(self._keep(turn, answered, COMPLETE))
                        yield End(turn.session_id, ask.tenant, answered, ask.use_memory, turn.new_session, kept_as)
        finally:
            self._leave(turn, "".join(said))

    async def close(self) -> None:
        """Wait for what is still to be stored."""
        await asyncio.gather(*self._afterwards, return_exceptions=True)

    async def _speak(self, client: ClientRow, question: Question, visible: bool) -> AsyncGenerator[TurnEvent, None]:
        """What the chain says, or what it said before to the same question with no conversation before it."""
        tenant, changed_at, alone = client.tenant, client.last_modified, not question.turns
        known = self._cache.get(tenant, changed_at, question.text) if alone else None
        if known is not None:
            await question.stored()
            yield Found(known.passages, known.model)
            yield Said(known.text)
            yield replace(known, usage=Usage(), cached=True)
            return
        question = replace(question, shut_seconds=await self._budget.wait_seconds(tenant))
        async with aclosing(self._chain.events(question, visible=visible)) as events:
            async for event in events:
                if alone and isinstance(event, Answered):
                    self._cache.put(tenant, changed_at, question.text, event)
                yield event

    async def _begin(self, ask: Ask) -> "_Turn":
        if not ask.use_memory:
            client, new = await self._conversations.peek(
                ask.tenant, ask.session_id, ask.caller, may_begin=ask.may_begin
            )
            question = Question(self._library(client), ask.message, (), Recall((), "", 0), ask.tenant.client_id)
            return _Turn(client, question, ask.session_id or str(uuid.uuid4()), new)
        asked = await self._conversations.ask(
            ask.tenant, ask.session_id, ask.message, ask.caller, may_begin=ask.may_begin
        )
        session, turns = asked.conversation.session, asked.conversation.turns
        recall = self._memory.recall(turns, session.memory_start, session.summary)
        library, caller = self._library(asked.client), ask.tenant.client_id
        question = Question(library, ask.message, turns, recall, caller, stored=asked.stored)
        return _Turn(asked.client, question, session.session_id, asked.new_session, asked, reply_key=ask.reply_key)

    def _keep(self, turn: "_Turn", answered: Answered, status: str) -> asyncio.Task[int | None]:
        """Close the turn, at once, so that it is stored once; then write the answer and its price down: its id."""
        asked, turn.asked, turn.spent, turn.model = turn.asked, None, _NOTHING, ""
        return self._later(self._store(turn, asked, answered, status))

    async def _store(self, turn: "_Turn", asked: Asked | None, answered: Answered, status: str) -> int | None:
        if asked is None:
            await self._usage.note(turn.client.tenant, cost(answered))
            return None
        recall = turn.question.recall
        summarise = self._memory.kind == "summary" and bool(recall.dropped)
        cut = None if summarise else _cut(asked.conversation.session, recall)
        kept = Reply(turn.reply_key, answered) if turn.reply_key is not None and status == COMPLETE else None
        message_id = await self._conversations.answer(
            asked, stored_answer(answered, status, self._conversations.now()), cost(answered), cut, kept
        )
        if summarise:
            self._later(self._summarise(asked.conversation, recall))
        self._vectors.expect(leaned_on(answered.text))
        return message_id

    def _leave(self, turn: "_Turn", said: str) -> None:
        """The turn ended before its answer was whole: the reader left, or the model broke off."""
        begun = turn.model not in ("", EXTRACTIVE)
        spent = turn.spent + unfinished(turn.question, turn.passages, said) if begun else turn.spent
        if turn.asked is None or not said:
            if spent != _NOTHING:
                self._later(self._usage.note(turn.client.tenant, cost_of_calls(spent)))
            if turn.asked is not None:
                self._conversations.give_up(turn.asked)
            return
        citations = check_citations(said, turn.passages)
        partial = Answered(said, turn.passages, turn.model, False, spent, citations=citations)
        self._keep(turn, partial, PARTIAL)

    async def _summarise(self, conversation: Conversation, recall: Recall) -> None:
        session = conversation.session
        if await self._budget.wait_seconds(session.tenant) is not None:
            return
        try:
            summary = await self._chain.summarise(session.summary, recall.dropped, session.tenant.client_id)
        except ModelError as error:
            # The turns stay as they are; the next answer tries again.
            _log.info("summary_postponed", code=error.code)
            return
        self._metrics.count_cost(summary.model, asdict(summary.usage))
        await self._conversations.set_summary(
            conversation, recall.memory_start, summary.text, cost_of_calls(summary.usage)
        )

    def _later(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin work that outlives the request; `close` waits for it."""
        task = asyncio.create_task(work)
        self._afterwards.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._afterwards.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("not_stored", reason=str(error))


@dataclass(slots=True)
class _Turn:
    """A turn under way; `asked` is None when nothing is to be written down (any more). `spent` is what it has cost, as
    long as that is written down nowhere."""

    client: ClientRow
    question: Question
    session_id: str
    new_session: bool
    asked: Asked | None = None
    passages: tuple[Passage, ...] = ()
    model: str = ""
    reply_key: str | None = None
    spent: Usage = _NOTHING


def _cut(session: SessionRow, recall: Recall) -> tuple[int, str] | None:
    return None if recall.memory_start == session.memory_start else (recall.memory_start, session.summary)
