"""A flood of refusals is counted, not written down one by one."""

import pytest

from conversational_rag.services import refusals
from conversational_rag.services.refusals import Origin, Refusals

HERE, THERE = Origin("nobody", "192.0.2.1"), Origin("nobody", "192.0.2.2")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def admitted(kept: Refusals, origin: Origin, times: int) -> int:
    return sum(kept.admit(origin) for _ in range(times))


def test_ten_a_minute_of_one_origin_are_written_down_and_the_others_counted(clock: Clock) -> None:
    kept = Refusals(clock)
    assert admitted(kept, HERE, 100) == 10
    assert admitted(kept, THERE, 3) == 3
    assert kept.take_left_out(HERE) == 90
    assert kept.take_left_out(HERE) == 0
    clock.now += 60
    assert admitted(kept, HERE, 1) == 1


def test_many_origins_together_are_held_too(clock: Clock) -> None:
    kept = Refusals(clock)
    origins = [Origin("nobody", f"192.0.2.{number}") for number in range(100)]
    assert sum(admitted(kept, origin, 5) for origin in origins) == 300
    assert sum(kept.take_left_out(origin) for origin in origins) == 200


def test_what_was_left_out_is_told_once_its_minute_is_over_or_at_the_end(clock: Clock) -> None:
    kept = Refusals(clock)
    admitted(kept, HERE, 12)
    assert list(kept.take_all_left_out(at_once=False)) == []
    clock.now += 60
    assert list(kept.take_all_left_out(at_once=False)) == [(HERE, 2)]
    admitted(kept, THERE, 11)
    assert list(kept.take_all_left_out(at_once=True)) == [(THERE, 1)]
    assert list(kept.take_all_left_out(at_once=True)) == []


def test_origins_without_end_take_no_memory_without_end_and_no_refusal_is_forgotten(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "_ORIGINS_REMEMBERED", 5)
    kept = Refusals(clock)
    written = sum(admitted(kept, Origin("nobody", f"192.0.2.{number}"), 20) for number in range(100))
    assert len(kept._tallies) <= 6
    assert written + sum(count for _, count in kept.take_all_left_out(at_once=True)) == 2000
