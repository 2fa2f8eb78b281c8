"""The queue before the models, with a clock that moves only when somebody sleeps."""

import asyncio
import math

import pytest
from groq_stand_in import MODELS
from llm_parts import Time

from conversational_rag.errors import ModelError, ModelGone, OverCapacity, PromptTooLarge, RateLimited
from conversational_rag.llm.admission import Admission
from conversational_rag.llm.asking import Asking, Grant
from conversational_rag.llm.availability import Availability
from conversational_rag.llm.base import FittedPrompt, Usage
from conversational_rag.llm.buckets import Demand
from conversational_rag.llm.limits import Ledger

BIG, SMALL, QWEN = MODELS


class Elastic:
    """A prompt in steps of 100 tokens."""

    def __init__(self, least: int, most: int) -> None:
        self.least_tokens, self._most = least, most

    def fit(self, most_tokens: float) -> FittedPrompt | None:
        size = next((size for size in range(self._most, self.least_tokens - 1, -100) if size <= most_tokens), None)
        return None if size is None else FittedPrompt((), size)


class House:
    """A ledger, a queue, and a clock."""

    def __init__(self, clock: Time) -> None:
        self.clock, self.ledger = clock, Ledger(clock=clock)
        self.availability = Availability(clock)
        self.queue = Admission(self.ledger, self.availability, clock, clock.sleep)

    def asking(
        self, caller: str = "a", least: int = 500, most: int = 1_500, patience: float = 30.0, cap: int = 500
    ) -> Asking:
        return Asking(Elastic(least, most), caller, cap, lambda: MODELS, self.clock() + patience)

    def drain(self, *models: str, name: str = "TPM", left: float = 0.0) -> None:
        for model in models:
            self.ledger.of(model).buckets[name].set_level(left, self.clock())

    async def served(self, asking: Asking) -> Grant:
        """Admitted, and over at once, as dear as it was thought."""
        grant = await self.queue.admit(asking)
        demand = grant.demand
        grant.account.settle(grant.reservation, Usage(demand.prompt_tokens, demand.output_tokens, 0, 1))
        return grant


@pytest.fixture
def house(clock: Time) -> House:
    return House(clock)


async def outcome(asking: Asking, house: House) -> Grant | ModelError:
    try:
        return await house.served(asking)
    except ModelError as error:
        return error


async def test_the_first_model_that_can_take_it_now_is_chosen(house: House) -> None:
    chosen = [(await house.served(house.asking())).model for _ in range(12)]
    assert chosen == [BIG] * 4 + [SMALL] * 4 + [QWEN] * 4
    assert house.clock.slept == []


async def test_with_no_room_anywhere_it_waits_for_the_model_that_has_it_first(house: House) -> None:
    house.drain(BIG, QWEN)
    house.drain(SMALL, left=1_000)
    grant = await house.served(house.asking())
    assert (grant.model, grant.prompt.tokens) == (SMALL, 1_500)
    assert sum(house.clock.slept) == pytest.approx(900 * 60 / 8_000, rel=0.01)


async def test_a_shorter_answer_is_allowed_before_anybody_waits(house: House) -> None:
    house.drain(*MODELS, left=1_950)
    grant = await house.served(house.asking(cap=1_024))
    assert (grant.model, grant.demand) == (BIG, Demand(1_500, 450))


async def test_a_wait_beyond_patience_is_told_at_once_with_its_length(house: House) -> None:
    house.drain(*MODELS, name="TPD")
    with pytest.raises(RateLimited) as refusal:
        await house.served(house.asking())
    assert refusal.value.scope == "TPD"
    assert refusal.value.retry_after == pytest.approx(700 * 86_400 / 200_000, rel=0.01)
    assert house.clock.slept == []


async def test_the_prompt_shrinks_only_when_that_makes_the_difference(house: House) -> None:
    house.drain(*MODELS, name="TPD", left=1_000)
    grant = await house.served(house.asking())
    assert grant.prompt.tokens < 1_500
    assert grant.demand.tokens <= 1_000 + 30 * 200_000 / 86_400
    house.drain(*MODELS, name="TPM", left=1_000)
    house.drain(*MODELS, name="TPD", left=100_000)
    assert (await house.served(house.asking())).prompt.tokens == 1_500


async def test_a_prompt_larger_than_the_bucket_is_shrunk_to_it(house: House) -> None:
    grant = await house.served(house.asking(most=20_000))
    assert 7_000 <= grant.prompt.tokens <= 7_600


async def test_a_prompt_that_fits_no_bucket_is_told_as_such(house: House) -> None:
    with pytest.raises(PromptTooLarge):
        await house.served(house.asking(least=9_000, most=9_000))
    assert house.clock.slept == []


async def test_nobody_waits_for_an_outage(house: House) -> None:
    for model in MODELS:
        house.availability.note(model, OverCapacity())
    with pytest.raises(OverCapacity):
        await house.served(house.asking())
    assert house.clock.slept == []


async def test_a_refusal_that_told_no_bucket_is_waited_for(house: House) -> None:
    for model in MODELS:
        house.availability.note(model, RateLimited(retry_after=7.0))
    assert (await house.served(house.asking())).model == BIG
    assert sum(house.clock.slept) == pytest.approx(7.0, abs=0.01)


async def test_models_that_refused_this_question_are_out(house: House) -> None:
    asking = house.asking()
    asking.exclude(BIG, ModelGone())
    assert (await house.served(asking)).model == SMALL
    for model in MODELS:
        asking.exclude(model, ModelGone())
    with pytest.raises(ModelGone):
        await house.served(asking)


async def test_a_burst_does_not_starve_another_client(house: House) -> None:
    burst = [asyncio.create_task(outcome(house.asking("a"), house)) for _ in range(50)]
    others = [asyncio.create_task(outcome(house.asking("b"), house)) for _ in range(5)]
    ended = await asyncio.gather(*others)
    assert all(isinstance(one, Grant) for one in ended)
    told = await asyncio.gather(*burst)
    assert sum(isinstance(one, Grant) for one in told) >= 15
    assert any(isinstance(one, RateLimited) and one.retry_after for one in told)


async def test_callers_of_one_kind_take_turns(house: House) -> None:
    house.drain(*MODELS)
    order: list[str] = []

    async def ask(caller: str) -> None:
        await house.served(house.asking(caller, patience=300))
        order.append(caller)

    callers = ["a"] * 6 + ["b"] * 3 + ["c"] * 3
    await asyncio.gather(*(ask(caller) for caller in callers))
    assert sorted(order[:3]) == sorted(order[3:6]) == ["a", "b", "c"]
    assert order[9:] == ["a", "a", "a"]


async def test_who_cannot_be_served_behind_the_others_is_told_before_patience_is_over(house: House) -> None:
    house.drain(*MODELS)
    began = house.clock()
    refused: list[float] = []

    async def ask(number: int) -> None:
        if isinstance(await outcome(house.asking(f"c{number}", least=1_500), house), ModelError):
            refused.append(house.clock() - began)

    await asyncio.gather(*(ask(number) for number in range(40)))
    # 30 s give 12,000 tokens, for seven of them: the rest need not wait to hear it.
    assert 31 <= len(refused) <= 34
    assert sum(seconds < 1 for seconds in refused) >= 30


async def test_many_share_what_flows_so_that_more_are_answered(house: House) -> None:
    ended = await asyncio.gather(*(outcome(house.asking(f"c{n % 20}", patience=120), house) for n in range(60)))
    served = [one for one in ended if isinstance(one, Grant)]
    assert len(served) >= 55
    assert min(one.prompt.tokens for one in served) < 1_500


async def test_a_caller_who_leaves_the_queue_takes_nothing(house: House) -> None:
    house.drain(*MODELS)
    gone = asyncio.create_task(house.served(house.asking()))
    await asyncio.sleep(0)
    assert house.queue.waiting == 1
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert house.queue.waiting == 0
    assert math.isclose(house.ledger.of(BIG).level("TPD"), 200_000)


async def test_a_caller_who_leaves_in_the_moment_of_its_grant_gives_it_back(house: House) -> None:
    house.drain(*MODELS)
    asking = house.asking()
    going = asyncio.create_task(house.queue.admit(asking))
    await asyncio.sleep(0)
    house.drain(BIG, left=8_000)
    house.queue.look()
    asyncio.get_running_loop().call_soon(going.cancel)
    await asyncio.gather(going, return_exceptions=True)
    assert going.cancelled()
    assert asking.granted is not None
    assert asking.granted.result().model == BIG
    assert house.ledger.of(BIG).level("TPD") == 200_000


async def test_what_an_ending_call_gives_back_serves_who_waits(house: House) -> None:
    house.drain(SMALL, QWEN, name="TPD")
    first = await house.queue.admit(house.asking(least=7_000, most=7_000))
    waiting = asyncio.create_task(house.served(house.asking(patience=3_000)))
    await asyncio.sleep(0)
    first.account.settle(first.reservation, Usage(100, 10, 0, 1))
    house.queue.look()
    assert (await waiting).model == BIG
