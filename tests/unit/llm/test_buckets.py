"""The provider's arithmetic, checked against what it was seen to say."""

import math

import pytest
from llm_parts import Time

from conversational_rag.llm.buckets import FREE_PLAN, Bucket, Demand

NOW = 1000.0


def used(name: str, limit: int, amount: float) -> Bucket:
    return Bucket(limit, FREE_PLAN.window_seconds(name), limit - amount, NOW)


@pytest.mark.parametrize(
    ("name", "limit", "taken", "requested", "seconds"),
    [
        ("TPM", 8_000, 4_917, 5_055, 14.79),
        ("TPD", 200_000, 199_052, 1_443, 213.84),
        ("RPM", 30, 30, 1, 2.0),
        ("RPD", 1_000, 1_000, 1, 86.4),
        ("TPM", 8_000, 2_000, 6_000, 0.0),
    ],
)
def test_the_wait_is_what_the_provider_says(name: str, limit: int, taken: int, requested: int, seconds: float) -> None:
    assert used(name, limit, taken).wait_seconds(requested, NOW) == pytest.approx(seconds, abs=0.005)


@pytest.mark.parametrize(
    ("name", "limit", "taken", "seconds"),
    [("RPD", 1_000, 2, 172.8), ("TPM", 8_000, 73, 0.547), ("TPD", 200_000, 3_400, 1469)],
)
def test_a_bucket_is_full_again_when_the_provider_says(name: str, limit: int, taken: int, seconds: float) -> None:
    bucket = used(name, limit, taken)
    assert bucket.wait_seconds(limit, NOW) == pytest.approx(seconds, abs=1)
    assert bucket.level_at(NOW + seconds * 0.99) < limit
    assert bucket.level_at(NOW + seconds * 1.01) == limit


def test_more_than_a_bucket_holds_never_fits() -> None:
    assert used("TPM", 8_000, 0).wait_seconds(8_001, NOW) == math.inf


def test_whoever_waits_as_long_as_told_succeeds() -> None:
    bucket, clock = used("TPD", 200_000, 199_999.7), Time()
    for amount in (1, 700, 199_999):
        clock.now += bucket.wait_seconds(amount, clock.now)
        assert bucket.wait_seconds(amount, clock.now) == 0


def test_a_clock_that_was_set_back_refills_nothing_and_takes_nothing() -> None:
    bucket = used("TPM", 8_000, 5_000)
    assert bucket.level_at(NOW - 3600) == 3_000


def test_another_limit_leaves_what_was_used() -> None:
    bucket = used("TPM", 8_000, 5_000)
    bucket.set_limit(250_000, NOW)
    assert bucket.level_at(NOW) == 245_000


def test_each_bucket_takes_its_own_part_of_a_call() -> None:
    demand = Demand(1_200, 400)
    amounts = {name: demand.amount(name) for name in ("RPM", "RPD", "TPM", "TPD", "ITPM", "OTPM")}
    assert amounts == {"RPM": 1, "RPD": 1, "TPM": 1_600, "TPD": 1_600, "ITPM": 1_200, "OTPM": 400}
