"""The calls of one question: a model is asked, once more when it failed at once, and its cost is settled."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from conversational_rag.errors import BadGeneration, ModelUnreachable, OverCapacity
from conversational_rag.llm.asking import Grant
from conversational_rag.llm.base import Chosen, Finished, Usage, Word
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.headers import RateLimitHeaders

_RETRY_SECONDS = (0.2, 0.6)
# A model that let us wait for longer than this gets no second wait; its sibling is asked.
_AT_ONCE_SECONDS = 5.0
_RETRIED = (OverCapacity, ModelUnreachable)

Piece = Chosen | Word | Finished


class Calls:
    """Calls from model to model, until one speaks (`spoke`); `deadline` is the latest for its first word."""

    def __init__(
        self,
        chat: GroqChat,
        deadline: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._chat, self._deadline, self._clock, self._sleep = chat, deadline, clock, sleep
        self._usage = Usage()
        self._headers: RateLimitHeaders | None = None
        self.spoke = False

    @property
    def out_of_time(self) -> bool:
        """Whether the first word would come too late now."""
        return self._clock() >= self._deadline

    async def speak(self, grant: Grant) -> AsyncGenerator[Piece, None]:
        """Ask one model, and once more when it failed at once: overloaded, or out of reach."""
        began = self._clock()
        try:
            async with aclosing(self._ask(grant)) as pieces:
                async for piece in pieces:
                    yield piece
                return
        except _RETRIED:
            if self.spoke or self.out_of_time or self._clock() - began > _AT_ONCE_SECONDS:
                raise
            await self._sleep(random.uniform(*_RETRY_SECONDS))  # noqa: S311 - jitter, not a secret
            if self.out_of_time:
                raise
        async with aclosing(self._ask(grant)) as pieces:
            async for piece in pieces:
                yield piece

    def learn(self, grant: Grant) -> None:
        """Take over what the last response's headers told; for a refusal after its reservation is cancelled."""
        if self._headers is not None:
            grant.account.note_headers(grant.reservation, self._headers)
            self._headers = None

    async def _ask(self, grant: Grant) -> AsyncGenerator[Piece, None]:
        finished: Finished | None = None
        blank = ""
        async with aclosing(self._call(grant)) as pieces:
            while not self.spoke and (piece := await self._in_time(pieces)) is not None:
                self.learn(grant)
                if isinstance(piece, Finished):
                    finished = self._settle(grant, piece)
                elif piece.text.isspace():
                    blank += piece.text
                else:
                    self.spoke = True
                    yield Chosen(grant.model, grant.prompt)
                    yield Word(blank + piece.text)
            async for piece in pieces:
                if isinstance(piece, Finished):
                    finished = self._settle(grant, piece)
                else:
                    yield piece
        if finished is None:
            raise BadGeneration
        yield finished

    def _call(self, grant: Grant) -> AsyncGenerator[Word | Finished, None]:
        def remember(_model: str, headers: RateLimitHeaders) -> None:
            self._headers = headers

        return self._chat.stream_words(
            grant.prompt.messages,
            model=grant.model,
            max_output_tokens=grant.demand.output_tokens,
            on_rate_limits=remember,
        )

    async def _in_time(self, pieces: AsyncGenerator[Word | Finished, None]) -> Word | Finished | None:
        """The next piece, None after the last; ModelUnreachable when it is not there by the deadline."""
        try:
            async with asyncio.timeout(max(0.0, self._deadline - self._clock())):
                return await anext(pieces, None)
        except TimeoutError as error:
            raise ModelUnreachable("No model answered in time; try again, or raise LLM_TIMEOUT.") from error

    def _settle(self, grant: Grant, finished: Finished) -> Finished:
        """Pay for the call; what the whole question cost so far goes with its last piece."""
        grant.account.settle(grant.reservation, finished.usage)
        self._usage += finished.usage
        return Finished(finished.model, self._usage, finished.finish_reason)
