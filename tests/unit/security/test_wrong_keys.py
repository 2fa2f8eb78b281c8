"""Whoever shows many wrong keys has to wait; a right key opens at any time."""

import pytest

from conversational_rag.errors import TooManyRequests, Unauthenticated
from conversational_rag.security import wrong_keys
from conversational_rag.security.wrong_keys import WrongKeys

HERE, THERE = "192.0.2.1", "192.0.2.2"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wrong(clock: Clock) -> WrongKeys:
    return WrongKeys(clock)


async def right_key() -> str:
    return "principal"


async def wrong_key() -> str:
    raise Unauthenticated


async def fail(wrong: WrongKeys, times: int, address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated):
            await wrong.watch(address, wrong_key())


async def wait_told(wrong: WrongKeys, address: str = HERE) -> float:
    with pytest.raises(TooManyRequests) as raised:
        await wrong.watch(address, wrong_key())
    assert raised.value.retry_after is not None
    return raised.value.retry_after


async def test_the_eleventh_wrong_key_of_a_minute_is_told_to_wait(wrong: WrongKeys) -> None:
    await fail(wrong, 10)
    assert await wait_told(wrong) == 60
    await fail(wrong, 1, THERE)


async def test_a_right_key_opens_also_where_somebody_guesses(wrong: WrongKeys) -> None:
    await fail(wrong, 10)
    assert await wrong.watch(HERE, right_key()) == "principal"
    assert await wait_told(wrong) == 60, "and the guesser waits all the same"


async def test_now_and_then_a_wrong_key_is_nothing(wrong: WrongKeys, clock: Clock) -> None:
    for _ in range(20):
        await fail(wrong, 9)
        clock.now += 60


async def test_the_wait_grows_and_has_an_end(wrong: WrongKeys, clock: Clock) -> None:
    waits = []
    for _ in range(9):
        await fail(wrong, 10)
        waits.append(await wait_told(wrong))
        clock.now += waits[-1]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


async def test_whoever_stays_away_as_long_as_he_had_to_wait_begins_anew(wrong: WrongKeys, clock: Clock) -> None:
    for _ in range(3):
        await fail(wrong, 10)
        clock.now += await wait_told(wrong)
    clock.now += 240
    await fail(wrong, 10)
    assert await wait_told(wrong) == 60


async def test_what_comes_during_the_wait_does_not_prolong_it(wrong: WrongKeys, clock: Clock) -> None:
    await fail(wrong, 10)
    for _ in range(59):
        await wait_told(wrong)
        clock.now += 1
    assert await wait_told(wrong) == 1


async def test_addresses_of_one_ipv6_network_guess_together(wrong: WrongKeys) -> None:
    for number in range(10):
        await fail(wrong, 1, f"2001:db8::{number}")
    assert await wait_told(wrong, "2001:db8::ffff") == 60


async def test_addresses_without_end_take_no_memory_without_end(
    wrong: WrongKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrong_keys, "_NETWORKS_REMEMBERED", 5)
    for number in range(100):
        await fail(wrong, 1, f"192.0.2.{number}")
    assert len(wrong._records) == 5
