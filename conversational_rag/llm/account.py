"""One model's quota: its buckets, the calls under way, and what their ends and the provider's words teach."""

import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from conversational_rag.errors import PromptTooLarge, RateLimited
from conversational_rag.llm.base import Usage
from conversational_rag.llm.buckets import DEVELOPER_LIMITS, OTPM, RPD, RPM, TPD, TPM, Bucket, Demand, Plan
from conversational_rag.llm.headers import RateLimitHeaders
from conversational_rag.llm.lessons import Lessons

# A day's limit of requests so many times the free one's is a paid key's.
_PAID_TIMES_FREE = 10
# A pace that was told is believed when it is so much faster than the one assumed: less is rounding.
_FASTER = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """What one call under way has taken out of the buckets of these names; `estimated_tokens` is its prompt before any
    correction."""

    demand: Demand
    estimated_tokens: int
    names: frozenset[str]


class Account:
    """The quota of one model; `clock` tells Unix seconds. Starts with the plan's buckets, full, and with nothing
    learnt, unless it is given some; `lessons` grow with each call. Nothing here waits."""

    def __init__(
        self,
        plan: Plan,
        clock: Callable[[], float],
        buckets: Mapping[str, Bucket] | None = None,
        lessons: Lessons | None = None,
    ) -> None:
        self._plan, self._clock = plan, clock
        self._buckets = dict(buckets or {})
        self._running: set[Reservation] = set()
        self.lessons = lessons or Lessons()
        # How much output was reserved and not used since the provider told a level last.
        self._unused_tokens = 0.0
        if buckets is None:
            self._assume(*plan.limits)

    @property
    def buckets(self) -> Mapping[str, Bucket]:
        """The buckets that bind, by name."""
        return self._buckets

    @property
    def ratio(self) -> float:
        """A prompt's real tokens for each one estimated, on average."""
        return self.lessons.token_ratio or 1.0

    def level(self, name: str, within_seconds: float = 0.0) -> float:
        """What can be had of one bucket within so many seconds; infinite where no such bucket binds."""
        bucket = self._buckets.get(name)
        return math.inf if bucket is None else bucket.level_at(self._clock() + within_seconds)

    def wait_seconds(self, demand: Demand) -> float:
        """How long until the model can take this call: 0 for now, infinite when no wait is long enough."""
        now = self._clock()
        waits = [bucket.wait_seconds(demand.amount(name), now) for name, bucket in self._buckets.items()]
        return max(waits, default=0.0)

    def hopeful_wait_seconds(self, demand: Demand, ahead_tokens: float) -> float:
        """How long behind others who are promised `ahead_tokens`, if the calls under way end as they usually do."""
        now, returning = self._clock(), sum(one.demand.tokens - self.likely_tokens(one.demand) for one in self._running)
        waits = [self._buckets[name].wait_seconds(1, now) for name in (RPM, RPD) if name in self._buckets]
        for bucket in self._token_buckets():
            if demand.tokens > bucket.limit:
                return math.inf
            missing = demand.tokens + ahead_tokens - returning - bucket.level_at(now)
            waits.append(max(0.0, missing) / bucket.per_second)
        return max(waits, default=0.0)

    def tight_bucket(self, demand: Demand) -> str:
        """The name of the bucket that lets this call wait the longest."""
        now = self._clock()
        waits = {name: bucket.wait_seconds(demand.amount(name), now) for name, bucket in self._buckets.items()}
        return max(waits, key=lambda name: waits[name], default="")

    def room(self, within_seconds: float = 0.0) -> float:
        """The most tokens that one call can be charged when it goes within so many seconds."""
        now = self._clock()
        requests = [self._buckets[name] for name in (RPM, RPD) if name in self._buckets]
        if any(bucket.wait_seconds(1, now) > within_seconds for bucket in requests):
            return 0.0
        return min(self.level(TPM, within_seconds), self.level(TPD, within_seconds))

    def flow(self, seconds: float) -> float:
        """The most tokens that all calls together can be charged within so many seconds."""
        now = self._clock()
        flows = (bucket.level_at(now) + seconds * bucket.per_second for bucket in self._token_buckets())
        return max(0.0, min(flows, default=math.inf))

    def prompt_tokens(self, estimated_tokens: int) -> int:
        """The estimate, corrected by what this model's prompts really were."""
        return math.ceil(estimated_tokens * self.ratio)

    def likely_tokens(self, demand: Demand) -> float:
        """What such a call is likely to take in the end, as long as answers usually are."""
        unused = max(0.0, demand.output_tokens - self.lessons.output_tokens)
        return demand.tokens - unused * self.lessons.returned_share

    def reserve(self, demand: Demand, estimated_tokens: int | None = None) -> Reservation:
        """Take what a call needs before it goes. Whoever asked `wait_seconds` just now finds it there."""
        estimated = demand.prompt_tokens if estimated_tokens is None else estimated_tokens
        reservation = Reservation(demand, estimated, frozenset(self._buckets))
        self._add(reservation.names, demand, -1)
        self._running.add(reservation)
        return reservation

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """The call is over and told what it cost: what it did not use is given back, cached tokens with it.

        Of unused output as much as the provider gives back.
        """
        if reservation not in self._running:
            return
        self._running.discard(reservation)
        demand = reservation.demand
        charged = usage.prompt_tokens - usage.cached_tokens
        unused_output = max(0, demand.output_tokens - usage.completion_tokens)
        returned = Demand(demand.prompt_tokens - charged, round(unused_output * self.lessons.returned_share))
        self._unused_tokens += unused_output
        self._add(reservation.names - {RPM, RPD}, returned, 1)
        estimated = reservation.estimated_tokens
        self.lessons = self.lessons.after_call(estimated, usage.prompt_tokens, usage.completion_tokens)

    def cancel(self, reservation: Reservation) -> None:
        """The call was refused before any token: nothing was charged."""
        if reservation in self._running:
            self._running.discard(reservation)
            self._add(reservation.names, reservation.demand, 1)

    def keep(self, reservation: Reservation) -> None:
        """The call broke off and told no cost: all that it took stays taken. After its end nothing happens."""
        self._running.discard(reservation)

    def note_headers(self, reservation: Reservation, headers: RateLimitHeaders) -> None:
        """Learn from a response: the day's requests and the minute's tokens, and with them the kind of key."""
        if headers.limit_requests:
            self._learn_plan(headers.limit_requests)
            self._set_limit(RPD, headers.limit_requests)
        if headers.limit_tokens:
            self._set_limit(TPM, headers.limit_tokens)
        self._learn_pace(RPD, TPD, headers.remaining_requests, headers.reset_requests_seconds)
        self._learn_pace(TPM, RPM, headers.remaining_tokens, headers.reset_tokens_seconds)
        others = [one.demand for one in self._running if one is not reservation]
        for name, remaining in ((RPD, headers.remaining_requests), (TPM, headers.remaining_tokens)):
            if remaining is not None and name in self._buckets:
                # Calls that left after this one was admitted are not in its figure, but they are in ours.
                under_way = sum(demand.amount(name) for demand in others)
                corrected = self._clamp(self._buckets[name], remaining - under_way, remaining)
                if name == TPM and self._unused_tokens > 0:
                    self.lessons = self.lessons.after_correction(corrected, self._unused_tokens)
                    self._unused_tokens = 0.0

    def _learn_pace(self, name: str, kindred: str, remaining: int | None, reset_seconds: float | None) -> None:
        """What is missing, over the time until it is full, is how fast a bucket fills; `kindred` counts the same time.

        Only a faster pace is believed: too fast corrects itself by a refusal, too slow would keep callers waiting.
        """
        bucket = self._buckets.get(name)
        if bucket is None or remaining is None or not reset_seconds or remaining >= bucket.limit:
            return
        window_seconds = bucket.limit * reset_seconds / (bucket.limit - remaining)
        for each in (bucket, self._buckets.get(kindred)):
            if each is not None and window_seconds < _FASTER * each.window_seconds:
                each.set_window(window_seconds, self._clock())

    def note_rate_limited(self, reservation: Reservation, error: RateLimited) -> bool:
        """Learn from a 429, after `cancel`: this call would fit after the wait that it tells.

        False when it did not say enough to know how much is left.
        """
        if error.limit and error.scope:
            self._set_limit(error.scope, error.limit)
        bucket, now = self._buckets.get(error.scope), self._clock()
        if bucket is None:
            return False
        if error.retry_after is not None:
            level = reservation.demand.amount(error.scope) - error.retry_after * bucket.per_second
        elif error.used is not None:
            level = bucket.limit - error.used
        else:
            return False
        bucket.set_level(min(level, bucket.level_at(now)), now)
        return True

    def note_too_large(self, error: PromptTooLarge, *, shrunk: bool) -> None:
        """Learn from a 413, or from the 429 of output tokens, how large the bucket is.

        `shrunk`: the call was made small enough before. Then it is the bucket of output tokens that is not full; the
        provider uses the same words for that.
        """
        if error.scope and error.limit:
            self._set_limit(error.scope, error.limit)
            if shrunk and error.scope == OTPM:
                self._buckets[OTPM].set_level(0.0, self._clock())

    def _token_buckets(self) -> list[Bucket]:
        return [self._buckets[name] for name in (TPM, TPD) if name in self._buckets]

    def _assume(self, *names: str) -> None:
        """Full buckets of the plan, for those that are not known."""
        for name in names:
            if name in self._plan.limits and name not in self._buckets:
                self._set_limit(name, self._plan.limits[name])

    def _set_limit(self, name: str, limit: float) -> None:
        now = self._clock()
        if name in self._buckets:
            self._buckets[name].set_limit(limit, now)
        else:
            self._buckets[name] = Bucket(limit, self._plan.window_seconds(name), limit, now)

    def _learn_plan(self, requests_per_day: int) -> None:
        """No header tells tokens a day or requests a minute; the requests a day tell whose key it is."""
        paid_from = _PAID_TIMES_FREE * self._plan.limits.get(RPD, math.inf)
        known = self._buckets.get(RPD)
        was_paid = known is not None and known.limit > paid_from
        if requests_per_day > paid_from and not was_paid:
            self._buckets.pop(TPD, None)
            self._set_limit(RPM, DEVELOPER_LIMITS[RPM])
        elif requests_per_day <= paid_from and was_paid:
            self._set_limit(RPM, self._plan.limits.get(RPM, DEVELOPER_LIMITS[RPM]))
            self._assume(TPD)

    def _clamp(self, bucket: Bucket, lowest: float, highest: float) -> float:
        """Bring the level into the range; by how much it was changed."""
        now = self._clock()
        level = bucket.level_at(now)
        known = min(max(level, lowest), highest)
        if known != level:
            bucket.set_level(known, now)
        return known - level

    def _add(self, names: AbstractSet[str], demand: Demand, sign: int) -> None:
        now = self._clock()
        for name in names & self._buckets.keys():
            self._buckets[name].add(sign * demand.amount(name), now)
