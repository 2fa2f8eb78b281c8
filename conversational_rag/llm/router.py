"""Which model answers: the first in order that can, and the next one when it cannot, unseen until its first word."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing

import structlog
from langchain_core.messages import BaseMessage

from conversational_rag.errors import BadGeneration, KeyRefused, ModelError, ModelUnreachable, OverCapacity
from conversational_rag.llm.availability import Availability, ModelState, soonest
from conversational_rag.llm.base import Finished, Usage, Word
from conversational_rag.llm.catalogue import SUCCESSORS, is_retired, order_models
from conversational_rag.llm.groq import GroqChat

_log = structlog.get_logger(__name__)

_RETRY_SECONDS = (0.2, 0.6)
# A model that let us wait for longer than this gets no second wait; its sibling is asked.
_AT_ONCE_SECONDS = 5.0
_RETRIED = (OverCapacity, ModelUnreachable)
_NO_MODEL = "extractive"


class ModelRouter:
    """A ChatModels over one key and several models, in order.

    `chat` is None when there is no key. `clock` (seconds that only grow) and `sleep` are for tests.
    """

    def __init__(
        self,
        chat: GroqChat | None,
        models: Sequence[str],
        *,
        max_output_tokens: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._chat, self._wanted, self._max_output_tokens = chat, tuple(models), max_output_tokens
        self._clock, self._sleep = clock, sleep
        self._availability = Availability(clock)
        self._listed: Collection[str] | None = None
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
        return {model: self._availability.state(model) for model in self.models}

    def expected_model(self) -> str:
        """The model that would be asked now, or `extractive` when none can be."""
        return next((state.model for state in self.states().values() if state.available), _NO_MODEL)

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
        if self._chat is not None:
            await self._chat.close()

    async def stream(
        self, messages: Sequence[BaseMessage], *, max_output_tokens: int | None = None, purpose: str = "answer"
    ) -> AsyncGenerator[Word | Finished, None]:
        """See ChatModels. After the first word the error of a stream that breaks is raised as it is.

        `usage` counts what every model cost that answered, also one whose answer could not be used.
        """
        if self._chat is None:
            raise KeyRefused("There is no key for a model; set GROQ_API_KEY.")
        tries = _Tries(self._chat, messages, max_output_tokens or self._max_output_tokens, self._clock, self._sleep)
        refusals: list[ModelError] = []
        for model in self._order(smaller_first=purpose != "answer"):
            if (refusal := self._availability.refusal(model)) is not None:
                refusals.append(refusal)
                continue
            try:
                async with aclosing(tries.speak(model)) as pieces:
                    async for piece in pieces:
                        yield piece
                self._availability.clear(model)
                return
            except ModelError as error:
                if tries.spoke:
                    raise
                self._note(model, error)
                refusals.append(self._availability.refusal(model) or error)
        raise soonest(refusals)

    def _order(self, *, smaller_first: bool = False) -> tuple[str, ...]:
        return order_models(self._wanted, self._listed, smaller_first=smaller_first)

    def _note(self, model: str, error: ModelError) -> None:
        _log.warning("model_refused", model=model, code=error.code, retry_after=error.retry_after)
        if isinstance(error, KeyRefused):
            self._note_key(error)
        else:
            self._availability.note(model, error)

    def _note_key(self, error: KeyRefused) -> None:
        for model in self.models:
            self._availability.note(model, error)


class _Tries:
    """One question on its way from model to model."""

    def __init__(
        self,
        chat: GroqChat,
        messages: Sequence[BaseMessage],
        max_output_tokens: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._chat, self._messages, self._max_output_tokens = chat, messages, max_output_tokens
        self._clock, self._sleep = clock, sleep
        self._usage = Usage()
        self.spoke = False

    async def speak(self, model: str) -> AsyncGenerator[Word | Finished, None]:
        """Ask one model, and once more when it failed at once: overloaded, or out of reach."""
        began = self._clock()
        try:
            async with aclosing(self._ask(model)) as pieces:
                async for piece in pieces:
                    yield piece
                return
        except _RETRIED:
            if self.spoke or self._clock() - began > _AT_ONCE_SECONDS:
                raise
        await self._sleep(random.uniform(*_RETRY_SECONDS))  # noqa: S311 - jitter, not a secret
        async with aclosing(self._ask(model)) as pieces:
            async for piece in pieces:
                yield piece

    async def _ask(self, model: str) -> AsyncGenerator[Word | Finished, None]:
        finished: Finished | None = None
        blank = ""
        call = self._chat.stream_words(self._messages, model=model, max_output_tokens=self._max_output_tokens)
        async with aclosing(call) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finished):
                    finished = piece
                    self._usage += piece.usage
                elif self.spoke:
                    yield piece
                elif not piece.text.isspace():
                    self.spoke = True
                    yield Word(blank + piece.text)
                else:
                    blank += piece.text
        if finished is None:
            raise BadGeneration
        yield Finished(finished.model, self._usage, finished.finish_reason)
