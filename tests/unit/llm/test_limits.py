"""What the ledger knows before, during and after a call."""

import math

import pytest
from llm_parts import Time

from conversational_rag.errors import PromptTooLarge, RateLimited
from conversational_rag.llm.account import Account
from conversational_rag.llm.base import Usage
from conversational_rag.llm.buckets import Demand
from conversational_rag.llm.headers import RateLimitHeaders
from conversational_rag.llm.limits import Ledger

CALL = Demand(1_500, 500)


@pytest.fixture
def account(clock: Time) -> Account:
    return Ledger(clock=clock).of("a model")


def level(account: Account, name: str = "TPM") -> float:
    return account.level(name)


def headers(**more: int) -> RateLimitHeaders:
    return RateLimitHeaders(**{"limit_requests": 1_000, "limit_tokens": 8_000, **more})  # type: ignore[arg-type]


def test_a_model_starts_with_the_free_plan(account: Account) -> None:
    assert {name: bucket.limit for name, bucket in account.buckets.items()} == {
        "RPM": 30, "RPD": 1_000, "TPM": 8_000, "TPD": 200_000,
    }  # fmt: skip


def test_a_call_takes_its_prompt_and_all_it_may_answer(account: Account) -> None:
    account.reserve(CALL)
    assert [level(account, name) for name in ("RPM", "RPD", "TPM", "TPD")] == [29, 999, 6_000, 198_000]


def test_the_fifth_call_of_a_minute_waits_for_the_first_bucket_that_is_dry(account: Account, clock: Time) -> None:
    for _ in range(4):
        assert account.wait_seconds(CALL) == 0
        account.reserve(CALL)
    assert account.wait_seconds(CALL) == pytest.approx(15)
    assert account.tight_bucket(CALL) == "TPM"
    clock.now += 15
    assert account.wait_seconds(CALL) == 0


def test_what_was_not_used_comes_back_and_cached_tokens_with_it(account: Account) -> None:
    account.settle(account.reserve(CALL), Usage(1_400, 100, 1_024, 1))
    assert level(account, "TPD") == 200_000 - (1_400 - 1_024) - 100
    assert level(account, "RPD") == 999


def test_a_call_that_was_refused_costs_nothing(account: Account) -> None:
    account.cancel(account.reserve(CALL))
    assert [level(account, name) for name in ("RPM", "RPD", "TPM", "TPD")] == [30, 1_000, 8_000, 200_000]


def test_a_call_that_broke_off_costs_all_it_took_and_ends_once(account: Account) -> None:
    reservation = account.reserve(CALL)
    account.keep(reservation)
    account.cancel(reservation)
    account.settle(reservation, Usage(1, 1, 0, 1))
    assert level(account, "TPD") == 198_000


def test_the_estimate_is_corrected_by_what_prompts_really_cost(account: Account) -> None:
    assert account.prompt_tokens(1_000) == 1_000
    for _ in range(20):
        account.settle(account.reserve(Demand(1_000, 100), 1_000), Usage(1_200, 50, 0, 1))
    assert account.prompt_tokens(1_000) == pytest.approx(1_200, abs=2)


def test_one_odd_call_does_not_make_the_estimate_absurd(account: Account) -> None:
    account.settle(account.reserve(CALL, 10), Usage(1_500, 50, 0, 1))
    assert account.prompt_tokens(1_000) == 3_000


def test_headers_overrule_what_was_counted(account: Account) -> None:
    reservation = account.reserve(CALL)
    account.note_headers(reservation, headers(remaining_requests=400, remaining_tokens=3_000))
    assert (level(account, "RPD"), level(account)) == (400, 3_000)
    account.note_headers(reservation, headers(remaining_tokens=7_500))
    assert level(account) == 7_500


def test_calls_that_left_since_are_not_given_back_by_older_headers(account: Account) -> None:
    first = account.reserve(CALL)
    account.reserve(CALL)
    account.note_headers(first, headers(remaining_tokens=6_000))
    assert level(account) == 4_000


def test_a_developer_key_is_known_by_its_headers(account: Account) -> None:
    reservation = account.reserve(CALL)
    paid = RateLimitHeaders(limit_requests=500_000, remaining_requests=499_999, limit_tokens=250_000)
    account.note_headers(reservation, paid)
    assert {name: bucket.limit for name, bucket in account.buckets.items()} == {
        "RPM": 1_000, "RPD": 500_000, "TPM": 250_000,
    }  # fmt: skip
    account.settle(reservation, Usage(1_500, 100, 0, 1))
    assert account.wait_seconds(Demand(100_000, 8_000)) == 0


def test_a_key_that_is_free_again_has_a_day_again(account: Account) -> None:
    reservation = account.reserve(CALL)
    account.note_headers(reservation, RateLimitHeaders(limit_requests=500_000, limit_tokens=250_000))
    account.note_headers(reservation, headers())
    assert {name: bucket.limit for name, bucket in account.buckets.items()} == {
        "RPM": 30, "RPD": 1_000, "TPM": 8_000, "TPD": 200_000,
    }  # fmt: skip


def test_a_refusal_tells_when_the_same_call_would_fit(account: Account, clock: Time) -> None:
    reservation = account.reserve(CALL)
    account.cancel(reservation)
    error = RateLimited(scope="TPD", limit=200_000, used=199_052, requested=2_100, retry_after=213.84)
    assert account.note_rate_limited(reservation, error)
    assert account.wait_seconds(CALL) == pytest.approx(213.84)
    assert account.wait_seconds(Demand(900, 200)) == 0
    clock.now += 213.84
    assert account.wait_seconds(CALL) == 0


def test_a_refusal_without_a_wait_tells_what_is_left(account: Account) -> None:
    reservation = account.reserve(CALL)
    account.cancel(reservation)
    assert account.note_rate_limited(reservation, RateLimited(scope="TPM", limit=6_000, used=5_500))
    assert level(account) == 500
    assert account.buckets["TPM"].limit == 6_000


@pytest.mark.parametrize("error", [RateLimited(retry_after=5), RateLimited(scope="TPM"), RateLimited(scope="OTPM")])
def test_a_refusal_that_says_too_little_is_left_to_others(account: Account, error: RateLimited) -> None:
    assert not account.note_rate_limited(account.reserve(CALL), error)


def test_a_bucket_that_no_header_shows_is_learnt_from_its_refusal(account: Account) -> None:
    account.note_too_large(PromptTooLarge(scope="OTPM", limit=1_000, requested=1_329), shrunk=False)
    assert account.wait_seconds(Demand(100, 1_100)) == math.inf
    assert account.wait_seconds(Demand(100, 900)) == 0
    account.note_too_large(PromptTooLarge(scope="OTPM", limit=1_000, requested=900), shrunk=True)
    assert account.wait_seconds(Demand(100, 200)) == pytest.approx(12)


def test_whether_unused_output_comes_back_is_learnt(account: Account) -> None:
    """A provider that keeps it says so with each response's headers."""
    told = 8_000
    for _ in range(4):
        reservation = account.reserve(Demand(500, 500))
        told -= 1_000
        account.note_headers(reservation, headers(remaining_tokens=told))
        account.settle(reservation, Usage(500, 100, 0, 1))
    assert level(account) == pytest.approx(told, abs=60)


def test_what_was_kept_goes_on_where_it_was_after_a_restart(clock: Time) -> None:
    before = Ledger(clock=clock)
    before.of("a model").reserve(Demand(150_000, 1_000))
    before.of("a model").note_too_large(PromptTooLarge(scope="OTPM", limit=1_000), shrunk=False)
    kept = before.snapshot()
    clock.now += 3600
    after = Ledger(clock=clock)
    after.restore(kept)
    assert after.of("a model").level("TPD") == pytest.approx(49_000 + 3600 * 200_000 / 86_400)
    assert after.of("a model").level("TPM") == pytest.approx(8_000)
    assert after.of("a model").level("OTPM") == 1_000
    assert after.of("another model").level("TPD") == 200_000


def test_a_clock_set_back_during_the_stop_does_not_hold_the_refill(clock: Time) -> None:
    before = Ledger(clock=clock)
    before.of("a model").reserve(Demand(7_500, 500))
    kept = before.snapshot()
    clock.now -= 86_400
    after = Ledger(clock=clock)
    after.restore(kept)
    clock.now += 30
    assert after.of("a model").level("TPM") == pytest.approx(4_000)


def test_a_faster_pace_is_learnt_from_the_headers_for_all_that_counts_the_same_time(
    account: Account, clock: Time
) -> None:
    account.note_headers(account.reserve(CALL), headers(remaining_tokens=6_000, reset_tokens_seconds=1.5))
    windows = {name: bucket.window_seconds for name, bucket in account.buckets.items()}
    assert windows == {"RPM": 6, "TPM": 6, "RPD": 86_400, "TPD": 86_400}
    clock.now += 1.5
    assert level(account) == 8_000


def test_a_slower_pace_and_rounding_are_not_believed(account: Account) -> None:
    for missing, seconds in ((73, 0.547), (73, 7.66), (2_000, 600), (0, 0)):
        told = headers(remaining_tokens=8_000 - missing, reset_tokens_seconds=seconds)
        account.note_headers(account.reserve(CALL), told)
    assert account.buckets["TPM"].window_seconds == 60
    assert account.buckets["RPM"].window_seconds == 60
