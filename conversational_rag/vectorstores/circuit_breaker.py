"""A circuit breaker: something that keeps dying is not started again and again, but after a growing pause."""

import time
from collections.abc import Callable

_DEATHS = 3
_WINDOW_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 60.0


class CircuitOpen(Exception):
    """No start now; the next one is allowed in `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: float, reason: Exception | None) -> None:
        """`reason` is what the last start failed with; None when it started well and died later."""
        super().__init__(f"it failed too often; the next start is allowed in {retry_after_seconds:.1f} seconds")
        self.retry_after_seconds, self.reason = retry_after_seconds, reason


class CircuitBreaker:
    """Lets starts pass until three deaths fall within 30 seconds; then one start after each pause.

    The pause is 2 seconds at first and doubles up to a minute, as long as the start after it is followed by another
    death within 30 seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that never run backwards."""
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget every death: what is started next is another thing."""
        self._started = False
        self._deaths: list[float] = []
        self._pause_ends = float("-inf")
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._reason: Exception | None = None

    def admit(self) -> None:
        """Ask before each start; being asked again means that what was started has died. Raises CircuitOpen."""
        now = self._clock()
        if now >= self._pause_ends and self._started:
            self._note_death(now)
        if now < self._pause_ends:
            raise CircuitOpen(self._pause_ends - now, self._reason)
        self._started = True

    def trip(self, reason: Exception | None = None) -> None:
        """Pause now: the start itself failed for this reason, and would fail again at once."""
        now = self._clock()
        if now - self._pause_ends > _WINDOW_SECONDS:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._pause_ends = now + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        self._started, self._reason = False, reason

    def _note_death(self, now: float) -> None:
        self._deaths = [death for death in self._deaths if now - death < _WINDOW_SECONDS] + [now]
        if len(self._deaths) >= _DEATHS or now - self._pause_ends < _WINDOW_SECONDS:
            self.trip()
