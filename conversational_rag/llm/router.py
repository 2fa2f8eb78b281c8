"""Which model answers: the first in order that can, now or soon, and the next when it fails before its first word."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing

import structlog

from conversational_rag.errors import KeyRefused, ModelError, PromptTooLarge, RateLimited
from conversational_rag.llm.admission import Admission
from conversational_rag.llm.asking import Asking, Grant
from conversational_rag.llm.availability import Availability, ModelState
from conversational_rag.llm.base import Finished, Prompt
from conversational_rag.llm.buckets import Demand
from conversational_rag.llm.calls import Calls, Piece
from conversational_rag.llm.catalogue import SUCCESSORS, is_retired, order_models
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.limits import BucketFill, BucketState, Ledger, LedgerStore
from conversational_rag.observability.metrics import Metrics

_log = structlog.get_logger(__name__)

# A model counts as available while it could take a small question.
_SMALL_QUESTION = Demand(400, 200)


class ModelRouter:
    """A ChatModels over one key and several models, in order.

    `chat` is None when there is no key. A question waits for quota at most `patience_seconds`, and for its first word
    at most as long as one call may be silent beyond that. `store` is told of the ledger after each call. `clock`
    (seconds that only grow) and `sleep` are for tests.
    """

    def __init__(
        self,
        chat: GroqChat | None,
        models: Sequence[str],
        *,
        max_output_tokens: int,
        patience_seconds: float = 30.0,
        ledger: Ledger | None = None,
        store: LedgerStore | None = None,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._chat, self._wanted, self._max_output_tokens = chat, tuple(models), max_output_tokens
        self._patience_seconds, self._clock, self._sleep = patience_seconds, clock, sleep
        self._availability = Availability(clock)
        self._ledger, self._store, self._metrics = ledger or Ledger(), store, metrics or Metrics()
        self._admission = Admission(self._ledger, self._availability, clock, sleep)
        self._listed: Collection[str] | None = None
        if chat is None:
            _log.warning("no_key", advice="set GROQ_API_KEY; until then answers quote the passages")
        for model in self._wanted:
            if is_retired(model):
                advice = f"name {SUCCESSORS[model]} in MODEL_NAME or FALLBACK_MODELS"
                _log.warning("model_retired", model=model, successor=SUCCESSORS[model], advice=advice)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that may be asked, in order, with successors of retired ones."""
        return self._order()

    def states(self) -> dict[str, ModelState]:
        """How each model stands, in order."""
        if self._chat is None:
            return {model: ModelState(model, False, 0.0, KeyRefused.code) for model in self.models}
        return {model: self._state(model) for model in self.models}

    def buckets(self) -> tuple[BucketState, ...]:
        """What is left of each model's quota."""
        return tuple(state for model in self.models for state in self._ledger.levels(model))

    def fills(self, model: str) -> tuple[BucketFill, ...]:
        """How full the model's buckets are."""
        return self._ledger.fills(model)

    @property
    def main(self) -> str:
        """The model that was wished for, or its successor; another may go before it when the provider lacks it."""
        return order_models(self._wanted[:1], self._listed)[0]

    @property
    def has_key(self) -> bool:
        """Whether there is a provider that can be asked at all."""
        return self._chat is not None

    @property
    def waiting(self) -> int:
        """How many questions wait for a model."""
        return self._admission.waiting

    async def refresh(self) -> None:
        """Ask the provider which models this key may call; raises a ModelError. Without a key nothing happens."""
        if self._chat is None:
            return
        try:
            self._listed = frozenset(await self._chat.list_models())
        except KeyRefused as error:
            self._note_key(error)
            raise

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._admission.close()
        if self._chat is not None:
            await self._chat.close()

    async def stream(
        self, prompt: Prompt, *, caller: str = "", max_output_tokens: int | None = None, purpose: str = "answer"
    ) -> AsyncGenerator[Piece, None]:
        """See ChatModels. After the first word the error of a stream that breaks is raised as it is.

        `usage` counts what every model cost that answered, also one whose answer could not be used.
        """
        if self._chat is None:
            raise KeyRefused("There is no key for a model; set GROQ_API_KEY.")
        deadline = self._clock() + self._patience_seconds
        calls = Calls(self._chat, deadline + self._chat.timeout_seconds, self._clock, self._sleep)
        asking = Asking(
            prompt,
            caller,
            max_output_tokens or self._max_output_tokens,
            lambda: self._order(smaller_first=purpose != "answer"),
            deadline,
        )
        while True:
            asked_at = self._clock()
            grant = await self._admission.admit(asking)
            self._metrics.quota_wait.observe(self._clock() - asked_at)
            is_noted = False
            try:
                async with aclosing(calls.speak(grant)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Finished):
                            # Before the answer ends: what it has cost is kept with it.
                            self._note_cost(grant)
                            is_noted = True
                        yield piece
                self._availability.clear(grant.model)
                return
            except ModelError as error:
                is_noted = False
                if calls.spoke:
                    raise
                grant.account.cancel(grant.reservation)
                calls.learn(grant)
                self._note(asking, grant, error)
                if calls.out_of_time:
                    raise
            finally:
                if not is_noted:
                    self._note_cost(grant)

    def _order(self, *, smaller_first: bool = False) -> tuple[str, ...]:
        return order_models(self._wanted, self._listed, smaller_first=smaller_first)

    def _state(self, model: str) -> ModelState:
        state, account = self._availability.state(model), self._ledger.of(model)
        wait = account.wait_seconds(_SMALL_QUESTION)
        if not state.available or wait <= 0:
            return state
        return ModelState(model, False, wait, RateLimited.code)

    def _note(self, asking: Asking, grant: Grant, error: ModelError) -> None:
        """Learn from a refusal, for everybody and for this question."""
        model, account = grant.model, grant.account
        _log.warning("model_refused", model=model, code=error.code, retry_after=error.retry_after)
        self._metrics.refusals.labels(model, error.code).inc()
        if isinstance(error, PromptTooLarge):
            shrinks = asking.shrink(model, grant.demand, error)
            account.note_too_large(error, shrunk=not shrinks)
            if shrinks:
                return
        elif isinstance(error, RateLimited):
            if not account.note_rate_limited(grant.reservation, error):
                self._availability.note(model, error)
            if asking.may_wait_for(model, self._clock() + (error.retry_after or 0.0)):
                return
        elif isinstance(error, KeyRefused):
            self._note_key(error)
        else:
            self._availability.note(model, error)
        asking.exclude(model, error)

    def _note_key(self, error: KeyRefused) -> None:
        for model in self.models:
            self._availability.note(model, error)

    def _note_cost(self, grant: Grant) -> None:
        grant.account.keep(grant.reservation)
        self._admission.look()
        if self._store is not None:
            self._store.save(self._ledger.snapshot())
