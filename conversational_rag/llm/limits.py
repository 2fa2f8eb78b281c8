"""The ledger: what is left of each model's quota, in buckets most of which the provider does not show.

They are counted here, because no header tells tokens a day or requests a minute, and corrected by whatever the provider
does tell: headers, refusals, and what each call really cost.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from conversational_rag.llm.account import Account
from conversational_rag.llm.buckets import FREE_PLAN, Bucket, Plan
from conversational_rag.llm.lessons import Lessons


@dataclass(frozen=True, slots=True)
class BucketState:
    """A bucket as it was at `updated_at` (Unix seconds), to be shown or kept; `name` as in `llm.buckets`."""

    model: str
    name: str
    limit: float
    level: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class BucketFill:
    """A bucket as it is now, below 0 when more was taken than was in it; and in how many seconds it will be full."""

    name: str
    limit: float
    level: float
    full_in_seconds: float


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The whole ledger, as it is kept: every bucket, and by model what its calls have taught."""

    buckets: tuple[BucketState, ...] = ()
    lessons: Mapping[str, Lessons] = field(default_factory=dict)


class LedgerStore(Protocol):
    """Keeps the ledger over a restart."""

    def save(self, state: LedgerState) -> None:
        """Take note of all of it; written soon, without making the caller wait."""
        ...


class Ledger:
    """The quota of every model. `clock` tells Unix seconds, so that what was kept holds after a restart."""

    def __init__(self, plan: Plan = FREE_PLAN, *, clock: Callable[[], float] = time.time) -> None:
        self._plan, self._clock = plan, clock
        self._accounts: dict[str, Account] = {}

    def of(self, model: str) -> Account:
        """The model's account; one that was not asked about before has the plan's buckets, full."""
        if model not in self._accounts:
            self._accounts[model] = Account(self._plan, self._clock)
        return self._accounts[model]

    def levels(self, model: str) -> tuple[BucketState, ...]:
        """What is left in each of the model's buckets now."""
        now = self._clock()
        return tuple(
            BucketState(model, name, bucket.limit, bucket.level_at(now), now)
            for name, bucket in self.of(model).buckets.items()
        )

    def fills(self, model: str) -> tuple[BucketFill, ...]:
        """How full each of the model's buckets is now, and when it will be."""
        now = self._clock()
        return tuple(
            BucketFill(name, bucket.limit, bucket.level_at(now), bucket.full_in_seconds(now))
            for name, bucket in self.of(model).buckets.items()
        )

    def snapshot(self) -> LedgerState:
        """All that is known of every model that was asked about."""
        buckets = tuple(state for model in self._accounts for state in self.levels(model))
        return LedgerState(buckets, {model: account.lessons for model, account in self._accounts.items()})

    def restore(self, state: LedgerState) -> None:
        """Go on from what was kept; a model's buckets that are not in it do not bind it."""
        by_model: dict[str, dict[str, Bucket]] = {}
        for kept in state.buckets:
            # A clock that was set back since then must not stop the refill until it gets there again.
            updated_at = min(kept.updated_at, self._clock())
            bucket = Bucket(kept.limit, self._plan.window_seconds(kept.name), kept.level, updated_at)
            by_model.setdefault(kept.model, {})[kept.name] = bucket
        for model, buckets in by_model.items():
            self._accounts[model] = Account(self._plan, self._clock, buckets, state.lessons.get(model))
