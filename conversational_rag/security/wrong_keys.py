"""Wrong keys: whoever shows too many is told to wait, longer each time. A right key always opens.

A key's secret has 256 random bits, which no pace of guessing finds; this tells a program that goes on with a dead key
to stop, and shows guessing for what it is. One guesser must not lock out all who share his address, so every key is
looked at, the right ones as long as the wrong ones, and only the answer to a wrong one changes.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from conversational_rag.addresses import network
from conversational_rag.errors import TooManyRequests, Unauthenticated

T = TypeVar("T")

_TRIES, _TRIES_SECONDS = 10, 60.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 60.0, 3600.0
_NETWORKS_REMEMBERED = 10_000


class WrongKeys:
    """Ten wrong keys of a network within a minute, then a wait, twice as long as the one before.

    Whoever shows none for as long as he had to wait begins anew.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._records: OrderedDict[str, _Record] = OrderedDict()

    async def watch(self, address: str, check: Awaitable[T]) -> T:
        """What the check of a key gives. Raises Unauthenticated, or TooManyRequests after too many wrong ones."""
        try:
            return await check
        except Unauthenticated:
            self.refuse_guessing(address)
            self.note_failure(address)
            raise

    def refuse_guessing(self, address: str) -> None:
        """Raises TooManyRequests while the address has to wait."""
        record = self._records.get(network(address))
        seconds = 0.0 if record is None else record.closed_until - self._now()
        if seconds > 0:
            raise TooManyRequests("Too many wrong keys came from this address; check the key.", retry_after=seconds)

    def note_failure(self, address: str) -> None:
        """A wrong key came from there."""
        name, now = network(address), self._now()
        record = self._records.setdefault(name, _Record(since=now))
        self._records.move_to_end(name)
        record.note(now)
        if len(self._records) > _NETWORKS_REMEMBERED:
            self._records.popitem(last=False)


@dataclass(slots=True)
class _Record:
    """Wrong keys `since` then, how often there was a wait, and until when the last one is."""

    since: float
    tries: int = 0
    waits: int = 0
    closed_until: float = 0.0

    def note(self, now: float) -> None:
        if now >= self.since + _TRIES_SECONDS:
            self.since, self.tries = now, 0
        if now >= self.closed_until + self._wait_seconds():
            self.waits = 0
        self.tries += 1
        if self.tries == _TRIES:
            self.waits += 1
            self.closed_until, self.tries = now + self._wait_seconds(), 0

    def _wait_seconds(self) -> float:
        return min(_FIRST_WAIT_SECONDS * 2.0 ** (self.waits - 1), _LONGEST_WAIT_SECONDS)
