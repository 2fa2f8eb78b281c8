import httpx
import pytest

from conversational_rag.llm.headers import RateLimitHeaders, parse_duration, read_rate_limits, read_retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("547ms", 0.547),
        ("7.66s", 7.66),
        ("2m52.8s", 172.8),
        ("1h2m3s", 3723.0),
        ("1.984999999s", 1.984999999),
        ("3m33.84s", 213.84),
        ("250µs", 0.00025),
        ("0s", 0.0),
    ],
)
def test_durations_are_read_as_go_prints_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", [None, "", "soon", "12", "5 s", "s", "1m-2s", "2x"])
def test_what_is_no_duration_is_none(text: str | None) -> None:
    assert parse_duration(text) is None


def test_every_rate_limit_header_is_read_whatever_its_case() -> None:
    headers = httpx.Headers(
        {
            "X-RateLimit-Limit-Requests": "1000",
            "x-ratelimit-remaining-requests": "998",
            "x-ratelimit-reset-requests": "2m52.8s",
            "x-ratelimit-limit-tokens": "8000",
            "x-ratelimit-remaining-tokens": "7927",
            "x-ratelimit-reset-tokens": "547ms",
        }
    )
    assert read_rate_limits(headers) == RateLimitHeaders(1000, 998, 172.8, 8000, 7927, 0.547)


def test_missing_and_broken_headers_are_none() -> None:
    assert read_rate_limits({"x-ratelimit-limit-tokens": "many"}) == RateLimitHeaders()
    assert read_retry_after({}) is None
    assert read_retry_after({"retry-after": "Fri, 20 Nov 2026 10:00:00 GMT"}) is None
    assert read_retry_after({"retry-after": "22"}) == 22.0
