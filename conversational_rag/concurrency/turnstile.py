"""A turnstile lets one task through at a time, urgent ones first."""

import asyncio
import heapq
import itertools
from types import TracebackType


class Turnstile:
    """A lock whose waiters are served urgent first, then in the order of arrival. One event loop only."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    def turn(self, *, urgent: bool = False) -> "_Turn":
        """An async context manager: inside it, nobody else is."""
        return _Turn(self, urgent)

    async def enter(self, *, urgent: bool = False) -> None:
        """Wait for the turn; pair it with `leave`."""
        if not self._held:
            self._held = True
            return
        ticket = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (0 if urgent else 1, next(self._arrivals), ticket))
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                self.leave()  # the turn had already been handed over
            raise

    def leave(self) -> None:
        """Hand the turn to the next one waiting."""
        while self._waiting:
            ticket = heapq.heappop(self._waiting)[2]
            if not ticket.done():
                ticket.set_result(None)
                return
        self._held = False


class _Turn:
    def __init__(self, turnstile: Turnstile, urgent: bool) -> None:
        self._turnstile, self._urgent = turnstile, urgent

    async def __aenter__(self) -> None:
        await self._turnstile.enter(urgent=self._urgent)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._turnstile.leave()
