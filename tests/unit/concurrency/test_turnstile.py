"""The turnstile: one at a time, urgent ones first."""

import asyncio

import pytest

from conversational_rag.concurrency.turnstile import Turnstile


class Visitors:
    """Tasks that pass a turnstile, and the order in which they did."""

    def __init__(self) -> None:
        self.turnstile = Turnstile()
        self.passed: list[str] = []
        self.inside = 0

    async def visit(self, name: str, *, urgent: bool = False) -> None:
        """Pass once."""
        async with self.turnstile.turn(urgent=urgent):
            self.inside += 1
            assert self.inside == 1
            await asyncio.sleep(0)
            self.passed.append(name)
            self.inside -= 1

    async def queue(self, *names: str) -> list[asyncio.Task[None]]:
        """Start a visit each and let all of them reach the turnstile; a name that ends in ! is urgent."""
        tasks = [asyncio.create_task(self.visit(name, urgent=name.endswith("!"))) for name in names]
        await asyncio.sleep(0)
        return tasks


async def test_only_one_is_inside_at_a_time() -> None:
    visitors = Visitors()
    await asyncio.gather(*await visitors.queue("a", "b", "c", "d"))
    assert visitors.passed == ["a", "b", "c", "d"]


async def test_urgent_visitors_overtake_and_keep_their_own_order() -> None:
    visitors = Visitors()
    await asyncio.gather(*await visitors.queue("first", "slow", "slower", "fast!", "fast too!"))
    assert visitors.passed == ["first", "fast!", "fast too!", "slow", "slower"]


async def test_a_visitor_that_gives_up_while_waiting_is_skipped() -> None:
    visitors = Visitors()
    await visitors.turnstile.enter()
    patient, impatient, last = await visitors.queue("patient", "impatient", "last")
    impatient.cancel()
    visitors.turnstile.leave()
    await asyncio.gather(patient, last)
    assert visitors.passed == ["patient", "last"]
    assert impatient.cancelled()


async def test_a_turn_handed_to_a_visitor_that_has_just_given_up_goes_to_the_next() -> None:
    visitors = Visitors()
    await visitors.turnstile.enter()
    gone, last = await visitors.queue("gone", "last")
    visitors.turnstile.leave()  # the turn is now the first one's, who has not yet run
    gone.cancel()
    await last
    assert visitors.passed == ["last"]


async def test_a_failure_inside_leaves_the_turnstile_free() -> None:
    visitors = Visitors()
    with pytest.raises(ValueError, match="inside"):
        async with visitors.turnstile.turn():
            raise ValueError("inside")
    await visitors.visit("next")
    assert visitors.passed == ["next"]


async def test_it_is_free_again_after_everybody_has_left() -> None:
    visitors = Visitors()
    await asyncio.gather(*await visitors.queue("a", "b"))
    async with asyncio.timeout(5):
        await visitors.visit("c")
    assert visitors.passed == ["a", "b", "c"]
