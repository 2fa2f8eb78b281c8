"""What the provider's response headers tell about its limits, and the durations written in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class RateLimitHeaders:
    """What is left, as the headers tell it; None where a header is missing.

    Requests are counted per day, tokens per minute. A reset is the time in seconds until the bucket is full again,
    not until the next request may go.
    """

    limit_requests: int | None = None
    remaining_requests: int | None = None
    reset_requests_seconds: float | None = None
    limit_tokens: int | None = None
    remaining_tokens: int | None = None
    reset_tokens_seconds: float | None = None


def read_rate_limits(headers: Mapping[str, str]) -> RateLimitHeaders:
    """Read the `x-ratelimit-*` headers (`headers` must not mind the case of names)."""
    return RateLimitHeaders(
        limit_requests=_whole(headers.get("x-ratelimit-limit-requests")),
        remaining_requests=_whole(headers.get("x-ratelimit-remaining-requests")),
        reset_requests_seconds=parse_duration(headers.get("x-ratelimit-reset-requests")),
        limit_tokens=_whole(headers.get("x-ratelimit-limit-tokens")),
        remaining_tokens=_whole(headers.get("x-ratelimit-remaining-tokens")),
        reset_tokens_seconds=parse_duration(headers.get("x-ratelimit-reset-tokens")),
    )


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """The `retry-after` header in seconds, or None (a date, which this provider never sends, is None too)."""
    number = _whole(headers.get("retry-after"))
    return None if number is None else float(number)


def parse_duration(text: str | None) -> float | None:
    """Seconds of a duration as Go prints it (`2m52.8s`, `547ms`, `1h2m3s`), or None when it is none."""
    if not text:
        return None
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None
