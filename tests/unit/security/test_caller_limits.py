"""Requests, uploads and streams are counted by caller, and what is too much is refused."""

import pytest

from conversational_rag.errors import TooManyRequests
from conversational_rag.security import caller_limits
from conversational_rag.security.caller_limits import Allowance, CallerLimits, Counted, counted_as
from conversational_rag.security.principals import ANYBODY, Principal, Scope

KEY = Principal(Scope.CHAT, key_id="abc")


class Clock:
    # The beginning of a minute and of an hour.
    now = 1_800_000_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.time", lambda: clock.now)
    return clock


async def ask(limits: CallerLimits, caller: str, times: int, *, upload: bool = False) -> Counted:
    """The last answer of so many requests."""
    for _ in range(times):
        counted = await limits.count(caller, upload=upload)
    return counted


async def test_each_request_leaves_one_less_until_none_is_left(clock: Clock) -> None:
    limits = CallerLimits(Allowance(requests_per_minute=3, uploads_per_hour=0, streams_at_once=0))
    left = [(await limits.count("key a")).standings[0].left for _ in range(3)]
    assert left == [2, 1, 0]
    refused = await limits.count("key a")
    assert refused.refusal is not None
    assert "REQUESTS_PER_MINUTE" in refused.refusal.detail
    assert refused.standings[0].left == 0
    assert (await limits.count("key b")).refusal is None, "another caller has his own"


async def test_whoever_waits_as_long_as_he_is_told_goes_on(clock: Clock) -> None:
    limits = CallerLimits(Allowance(requests_per_minute=60, uploads_per_hour=0, streams_at_once=0))
    clock.now += 30
    refused = await ask(limits, "key a", 61)
    for _ in range(20):
        assert refused.refusal is not None
        assert refused.refusal.retry_after is not None
        clock.now += refused.refusal.retry_after
        assert (await limits.count("key a")).refusal is None
        refused = await ask(limits, "key a", 61)


async def test_no_minute_wherever_it_begins_sees_many_more_requests_than_allowed(clock: Clock) -> None:
    limits = CallerLimits(Allowance(requests_per_minute=60, uploads_per_hour=0, streams_at_once=0))
    passed: list[float] = []
    for _ in range(1800):
        clock.now += 0.1
        if (await limits.count("key a")).refusal is None:
            passed.append(clock.now)
    busiest = max(sum(start <= at < start + 60 for at in passed) for start in passed)
    # A sliding window of two counters is no exact one: it takes the minute before as spread evenly.
    assert 60 <= busiest <= 75
    assert len(passed) >= 150


async def test_an_upload_is_a_request_and_an_upload(clock: Clock) -> None:
    limits = CallerLimits(Allowance(requests_per_minute=10, uploads_per_hour=2, streams_at_once=0))
    counted = await ask(limits, "key a", 2, upload=True)
    assert [(each.name, each.most, each.window_seconds, each.left) for each in counted.standings] == [
        ("requests", 10, 60, 8),
        ("uploads", 2, 3600, 0),
    ]
    refused = await limits.count("key a", upload=True)
    assert refused.refusal is not None
    assert "UPLOADS_PER_HOUR" in refused.refusal.detail
    assert (await limits.count("key a")).refusal is None, "asking goes on"
    clock.now += 7200
    assert (await limits.count("key a", upload=True)).refusal is None


async def test_zero_means_any_number_and_nothing_is_said_of_it(clock: Clock) -> None:
    limits = CallerLimits(Allowance(0, 0, 0))
    assert await ask(limits, "key a", 5000, upload=True) == Counted(())
    for _ in range(5000):
        limits.begin_stream("key a")


def test_a_stream_more_than_allowed_waits_for_one_to_end() -> None:
    limits = CallerLimits(Allowance(0, 0, streams_at_once=2))
    limits.begin_stream("key a")
    limits.begin_stream("key a")
    with pytest.raises(TooManyRequests) as raised:
        limits.begin_stream("key a")
    assert "STREAMS_AT_ONCE" in raised.value.detail
    limits.begin_stream("key b")
    limits.end_stream("key a")
    limits.begin_stream("key a")


def test_a_stream_that_is_handed_over_counts_for_the_new_caller_alone() -> None:
    limits = CallerLimits(Allowance(0, 0, streams_at_once=1))
    limits.begin_stream("from 192.0.2.1")
    limits.hand_over("from 192.0.2.1", "key a")
    limits.begin_stream("from 192.0.2.1")
    with pytest.raises(TooManyRequests):
        limits.hand_over("from 192.0.2.1", "key a")
    with pytest.raises(TooManyRequests):
        limits.begin_stream("from 192.0.2.1")


async def test_callers_without_end_take_no_memory_without_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_limits, "_CALLERS_REMEMBERED", 5)
    limits = CallerLimits(Allowance(requests_per_minute=1, uploads_per_hour=1, streams_at_once=1))
    for number in range(200):
        await limits.count(f"from {number}", upload=True)
    assert len(limits._known) == 5
    assert len(limits._storage.storage) == 10
    assert (await limits.count("from 199")).refusal is not None
    assert (await limits.count("from 0")).refusal is None, "whoever came longest ago is forgotten"


def test_a_key_is_counted_wherever_it_comes_from_and_a_stranger_by_his_network() -> None:
    assert counted_as(KEY, "192.0.2.1", is_open=False) == counted_as(KEY, "127.0.0.1", is_open=False) == "key abc"
    assert counted_as(None, "2001:db8::1", is_open=False) == counted_as(None, "2001:db8::2", is_open=False)
    assert counted_as(None, "127.0.0.1", is_open=False) == "from 127.0.0.1"


def test_strangers_who_share_a_key_are_counted_apart() -> None:
    public = Principal(Scope.CHAT, key_id="abc", origins=("https://www.example.org",))
    one, other = (counted_as(public, address, is_open=False) for address in ("192.0.2.1", "192.0.2.2"))
    assert len({one, other, counted_as(KEY, "192.0.2.1", is_open=False)}) == 3
    assert one == counted_as(public, "192.0.2.1", is_open=False) != counted_as(None, "192.0.2.1", is_open=False)


def test_while_there_are_no_keys_this_machine_is_not_counted_and_others_are() -> None:
    for here in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert counted_as(ANYBODY, here, is_open=True) is None
    assert counted_as(ANYBODY, "192.0.2.1", is_open=True) == "from 192.0.2.1"
