"""How much a caller may ask: requests a minute, uploads an hour, streams at once.

A caller is a key; without one, the network that an address belongs to; with one that stands in a web page, the key as
that network uses it, for it is everybody's. Kept in memory: a restart forgets it.
"""

import math
from collections import Counter, OrderedDict
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from conversational_rag.addresses import is_local, network
from conversational_rag.errors import TooManyRequests
from conversational_rag.security.principals import Principal

# Whoever was counted longest ago is forgotten; the storage looks through all of them now and then (0.1 ms for 1000).
_CALLERS_REMEMBERED = 2000
# When one of the streams will end is not known.
_STREAM_RETRY_SECONDS = 5.0
# Shares of a window are computed from Unix seconds, of which a float knows no more.
_ROUNDING_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one caller may; 0: any number."""

    requests_per_minute: int
    uploads_per_hour: int
    streams_at_once: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: `left` of `most` in each `window_seconds`; in `reset_seconds` there is more again."""

    name: str
    most: int
    window_seconds: int
    left: int
    reset_seconds: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A request that was counted: where its caller stands, and why it is refused, if it is."""

    standings: tuple[Standing, ...]
    refusal: TooManyRequests | None = None


class CallerLimits:
    """Counts what callers do, one by one. A window slides: what was asked before counts the less the longer ago."""

    def __init__(self, allowance: Allowance) -> None:
        self._storage = MemoryStorage()
        self._windows = SlidingWindowCounterRateLimiter(self._storage)
        self._requests = _Limit.of(
            "requests", "REQUESTS_PER_MINUTE", RateLimitItemPerMinute, allowance.requests_per_minute
        )
        self._uploads = _Limit.of("uploads", "UPLOADS_PER_HOUR", RateLimitItemPerHour, allowance.uploads_per_hour)
        self._most_streams = allowance.streams_at_once
        self._streams: Counter[str] = Counter()
        self._known: OrderedDict[str, None] = OrderedDict()

    async def count(self, caller: str, *, upload: bool = False) -> Counted:
        """One more request, or one more upload, which is a request too. What is refused is not counted."""
        await self._remember(caller)
        standings: list[Standing] = []
        refusal: TooManyRequests | None = None
        for limit in filter(None, (self._requests, self._uploads if upload else None)):
            passed = refusal is None and await self._windows.hit(limit.item, caller)
            standing = await self._standing(limit, caller)
            standings.append(standing)
            if not passed and refusal is None:
                refusal = limit.refusal(standing.reset_seconds)
        return Counted(tuple(standings), refusal)

    def begin_stream(self, caller: str) -> None:
        """One more answer or job that is followed, until `end_stream`. Raises TooManyRequests."""
        if self._most_streams and self._streams[caller] >= self._most_streams:
            raise TooManyRequests(
                f"{self._most_streams} answers and jobs are being followed already (STREAMS_AT_ONCE); end one of them, "
                "or wait until one has ended.",
                retry_after=_STREAM_RETRY_SECONDS,
            )
        self._streams[caller] += 1

    def end_stream(self, caller: str) -> None:
        """It has ended, however that was."""
        self._streams[caller] -= 1
        if self._streams[caller] <= 0:
            del self._streams[caller]

    def hand_over(self, former: str, caller: str) -> None:
        """A stream of one caller is another's from now on. Raises TooManyRequests."""
        self.begin_stream(caller)
        self.end_stream(former)

    async def _standing(self, limit: "_Limit", caller: str) -> Standing:
        most, window = limit.item.amount, limit.item.get_expiry()
        former, shrinks_for, current, kept_for = await self._storage.get_sliding_window(
            limit.item.key_for(caller), window
        )
        left = max(0, most - math.floor(former * shrinks_for / window + current))
        # Not the library's own time of reset, which can be too early: there may be more to wait for than its next step.
        seconds = kept_for - window
        if not left and current < most:
            seconds = shrinks_for - (most - current) * window / former
        return Standing(limit.name, most, window, left, math.floor(seconds + _ROUNDING_SECONDS) + 1)

    async def _remember(self, caller: str) -> None:
        self._known[caller] = None
        self._known.move_to_end(caller)
        while len(self._known) > _CALLERS_REMEMBERED:
            forgotten, _ = self._known.popitem(last=False)
            for limit in filter(None, (self._requests, self._uploads)):
                await self._windows.clear(limit.item, forgotten)


@dataclass(frozen=True, slots=True)
class _Limit:
    name: str
    setting: str
    item: RateLimitItem

    @classmethod
    def of(cls, name: str, setting: str, window: type[RateLimitItem], most: int) -> "_Limit | None":
        return cls(name, setting, window(most)) if most else None

    def refusal(self, seconds: int) -> TooManyRequests:
        window = {60: "a minute", 3600: "an hour"}[self.item.get_expiry()]
        return TooManyRequests(
            f"More than {self.item.amount} {self.name} {window} ({self.setting}); go on in {seconds} s.",
            retry_after=seconds,
        )


def counted_as(principal: Principal | None, address: str, *, is_open: bool) -> str | None:
    """The name under which a caller is counted; None for whoever is not: on this machine, while there are no keys."""
    if principal is not None and principal.key_id is not None:
        shared = f" from {network(address)}" if principal.is_public else ""
        return f"key {principal.key_id}{shared}"
    return None if is_open and is_local(address) else f"from {network(address)}"
