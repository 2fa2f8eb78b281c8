"""The free plan as the provider enforces it, for the Groq stand-in: buckets that refill, refusals in its words.

Its clock may run faster than ours; the times it tells are ours, so that whoever waits as long as it is told succeeds.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from groq_turns import Refusal, output_too_large, rate_limited, too_large

MINUTE, DAY = 60.0, 86_400.0
FREE = {"RPM": 30, "RPD": 1_000, "TPM": 8_000, "TPD": 200_000}
# So much above the free plan that a paid key is recognised, and more than any test or benchmark asks for.
PLENTY = {"RPM": 10_000, "RPD": 5_000_000, "TPM": 50_000_000, "TPD": 1_000_000_000}
_UNSTATED_CAP = 1_024


def go_duration(seconds: float) -> str:
    """A duration as Go prints it: 547ms, 14.79s, 3m33.84s, 1h2m3s."""
    if seconds < 1:
        return f"{round(seconds * 1000, 3):g}ms"
    hours, rest = divmod(round(seconds, 3), 3600)
    minutes, rest = divmod(rest, 60)
    text = f"{round(rest, 3):g}s"
    if hours or minutes:
        text = f"{minutes:.0f}m{text}"
    return f"{hours:.0f}h{text}" if hours else text


@dataclass
class _Bucket:
    limit: float
    window: float
    level: float
    at: float

    def refill(self, now: float) -> None:
        self.level = min(self.limit, self.level + (now - self.at) * self.limit / self.window)
        self.at = now

    def wait(self, amount: float) -> float:
        """(used + requested - limit) / (limit / window)"""
        return max(0.0, (amount - self.level) * self.window / self.limit)


class FreePlan:
    """Admits calls model by model. A call is charged prompt + cap before it runs; cached tokens come back after it.

    Whether what was not used of the cap comes back is unknown of the live service: `refunds_output`.
    """

    def __init__(
        self,
        speed: float = 1.0,
        limits: Mapping[str, int] = FREE,
        *,
        output_limits: Mapping[str, int] | None = None,
        refunds_output: bool = False,
    ) -> None:
        self.speed, self._limits, self._refunds_output = speed, limits, refunds_output
        self._output_limits = output_limits or {}
        self._buckets: dict[str, dict[str, _Bucket]] = {}
        self.refusals: list[tuple[str, str]] = []

    def drain(self, model: str, name: str, left: float = 0.0) -> None:
        """So much is left of a bucket now."""
        self._of(model)[name].level = left

    def admit(self, model: str, prompt_tokens: int, cap: int | None) -> Refusal | None:
        """Charge a call, or say why not."""
        cap = _UNSTATED_CAP if cap is None else cap
        buckets = self._of(model)
        amounts = {name: _amount(name, prompt_tokens, cap) for name in buckets}
        if amounts["TPM"] > buckets["TPM"].limit:
            self.refusals.append((model, "413"))
            return too_large(int(buckets["TPM"].limit), amounts["TPM"])
        if "OTPM" in buckets and cap > buckets["OTPM"].level:
            self.refusals.append((model, "OTPM"))
            return output_too_large(int(buckets["OTPM"].limit), cap)
        waits = {name: buckets[name].wait(amount) for name, amount in amounts.items()}
        scope = max(waits, key=lambda name: waits[name])
        if waits[scope] > 0:
            self.refusals.append((model, scope))
            seconds, bucket = waits[scope] / self.speed, buckets[scope]
            used = round(bucket.limit - bucket.level)
            numbers = {"limit": int(bucket.limit), "used": used, "requested": amounts[scope]}
            return rate_limited(scope, go_duration(seconds), round(seconds), **numbers)
        for name, amount in amounts.items():
            buckets[name].level -= amount
        return None

    def settle(self, model: str, cached_tokens: int, unused_output: int) -> None:
        """The call is over."""
        back = cached_tokens + (unused_output if self._refunds_output else 0)
        for name, bucket in self._of(model).items():
            if name in ("TPM", "TPD"):
                bucket.level = min(bucket.limit, bucket.level + back)

    def headers(self, model: str) -> dict[str, str]:
        """What every response tells."""
        buckets, told = self._of(model), {}
        for kind, name in (("requests", "RPD"), ("tokens", "TPM")):
            bucket = buckets[name]
            told[f"x-ratelimit-limit-{kind}"] = str(int(bucket.limit))
            told[f"x-ratelimit-remaining-{kind}"] = str(max(0, int(bucket.level)))
            told[f"x-ratelimit-reset-{kind}"] = go_duration(bucket.wait(bucket.limit) / self.speed)
        return told

    def _of(self, model: str) -> dict[str, _Bucket]:
        now = time.monotonic() * self.speed
        if model not in self._buckets:
            limits = dict(self._limits)
            if model in self._output_limits:
                limits["OTPM"] = self._output_limits[model]
            self._buckets[model] = {
                name: _Bucket(limit, DAY if name.endswith("D") else MINUTE, limit, now)
                for name, limit in limits.items()
            }
        for bucket in self._buckets[model].values():
            bucket.refill(now)
        return self._buckets[model]


def _amount(name: str, prompt_tokens: int, cap: int) -> int:
    return {"TPM": prompt_tokens + cap, "TPD": prompt_tokens + cap, "OTPM": cap}.get(name, 1)
