"""The provider's limits as it counts them: buckets that refill all the time, at limit / window a second.

That is what its waits follow: (used + requested - limit) / (limit / window), window 60 s or 86,400 s.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Requests, tokens, input tokens and output tokens, per Minute or per Day, as the provider's refusals name them.
RPM, RPD, TPM, TPD, ITPM, OTPM = "RPM", "RPD", "TPM", "TPD", "ITPM", "OTPM"

MINUTE_SECONDS, DAY_SECONDS = 60.0, 86_400.0

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Demand:
    """What one call is charged before it runs, in tokens: its prompt, and the most it may answer."""

    prompt_tokens: int
    output_tokens: int

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.output_tokens

    def amount(self, name: str) -> int:
        """What it takes out of the bucket of that name."""
        match name:
            case "ITPM":
                return self.prompt_tokens
            case "OTPM":
                return self.output_tokens
            case "TPM" | "TPD":
                return self.tokens
            case _:
                return 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a key may use of each model: a limit for each bucket that binds. Windows are in seconds."""

    limits: Mapping[str, int]
    minute_seconds: float = MINUTE_SECONDS
    day_seconds: float = DAY_SECONDS

    def window_seconds(self, name: str) -> float:
        """The time in which the bucket of that name refills from empty to full."""
        return self.day_seconds if name.endswith("D") else self.minute_seconds


# The provider's rate limits page; a developer key has no limit of tokens a day.
FREE_PLAN = Plan(MappingProxyType({RPM: 30, RPD: 1_000, TPM: 8_000, TPD: 200_000}))
DEVELOPER_LIMITS: Mapping[str, int] = MappingProxyType({RPM: 1_000, RPD: 500_000, TPM: 250_000})


@dataclass(slots=True)
class Bucket:
    """One bucket of one model. `level` is what was left at `updated_at` (seconds), below 0 when more was taken."""

    limit: float
    window_seconds: float
    level: float
    updated_at: float

    @property
    def per_second(self) -> float:
        """What flows in."""
        return self.limit / self.window_seconds

    def level_at(self, now: float) -> float:
        """What is left now. A clock that was set back refills nothing, until it is past where it was."""
        return min(self.limit, self.level + max(0.0, now - self.updated_at) * self.per_second)

    def wait_seconds(self, amount: float, now: float) -> float:
        """How long until `amount` can be taken: 0 for now, infinite when it is more than the bucket holds."""
        missing = amount - self.level_at(now)
        if missing <= _EPSILON:
            return 0.0
        return missing / self.per_second if amount <= self.limit else math.inf

    def full_in_seconds(self, now: float) -> float:
        """How long until nothing is missing: 0 when it is full."""
        return max(0.0, self.limit - self.level_at(now)) / self.per_second if self.per_second > 0 else 0.0

    def add(self, amount: float, now: float) -> None:
        """Give back, or take when it is negative; never above the limit, below 0 when it must be."""
        self.set_level(self.level_at(now) + amount, now)

    def set_level(self, level: float, now: float) -> None:
        """What is left is known."""
        self.level, self.updated_at = min(self.limit, level), now

    def set_window(self, window_seconds: float, now: float) -> None:
        """It fills in another time than was thought; what is left stays left."""
        self.set_level(self.level_at(now), now)
        self.window_seconds = window_seconds

    def set_limit(self, limit: float, now: float) -> None:
        """The limit is another one than was thought; what has been used stays used."""
        if limit != self.limit:
            used = self.limit - self.level_at(now)
            self.limit = limit
            self.set_level(limit - used, now)
