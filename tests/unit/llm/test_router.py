from collections.abc import Awaitable, Callable

import groq_turns as turns
import pytest
import structlog
from groq_stand_in import MODELS, GroqStandIn
from groq_turns import Answer
from llm_parts import PROMPT, Time

from conversational_rag.errors import (
    KeyRefused,
    ModelGone,
    ModelUnreachable,
    OverCapacity,
    PromptTooLarge,
    RateLimited,
)
from conversational_rag.llm.base import Finished
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.limits import LedgerState
from conversational_rag.llm.router import ModelRouter

BIG, SMALL, QWEN = MODELS
Hear = Callable[..., Awaitable[tuple[str, Finished]]]


async def test_the_first_model_answers_and_is_asked_once(router: ModelRouter, groq: GroqStandIn, hear: Hear) -> None:
    text, finished = await hear(router)
    assert text == "Answer: Pumps last long. [1]"
    assert (finished.model, finished.usage.llm_calls) == (BIG, 1)
    assert groq.asked == [BIG]
    assert groq.chats[0]["max_tokens"] == 512


async def test_an_answer_cut_by_its_allowance_is_an_answer(router: ModelRouter, groq: GroqStandIn, hear: Hear) -> None:
    groq.script(BIG, Answer("One, two, three", finish_reason="length"))
    text, finished = await hear(router)
    assert (text, finished.finish_reason, finished.model) == ("One, two, three", "length", BIG)


async def test_white_space_before_the_first_word_waits_for_it(
    router: ModelRouter, groq: GroqStandIn, hear: Hear
) -> None:
    groq.script(BIG, Answer(" \n\nYes, two years.", delay_seconds=0.01))
    text, _ = await hear(router)
    assert text == " \n\nYes, two years."


async def test_a_rate_limited_model_is_left_alone_until_its_bucket_has_refilled(
    router: ModelRouter, groq: GroqStandIn, hear: Hear, clock: Time
) -> None:
    groq.script(BIG, turns.rate_limited("TPM", "14.79s", 15))
    await hear(router)
    clock.now += 14
    await hear(router)
    state = router.states()[BIG]
    assert (state.available, state.reason) == (False, "rate_limited")
    assert 0 < state.available_in_seconds < 2
    assert [name for name, state in router.states().items() if state.available] == [SMALL, QWEN]
    clock.now += 1.01
    await hear(router)
    assert groq.asked == [BIG, SMALL, SMALL, BIG]
    assert router.states()[BIG].available


async def test_a_model_that_is_gone_is_not_asked_again_for_hours(
    router: ModelRouter, groq: GroqStandIn, hear: Hear, clock: Time
) -> None:
    groq.models.remove(BIG)
    for _ in range(3):
        await hear(router)
        clock.now += 3600
    assert groq.asked == [BIG, SMALL, SMALL, SMALL]
    assert router.states()[BIG].reason == "model_gone"
    clock.now += 4 * 3600
    await hear(router)
    assert groq.asked[-2:] == [BIG, SMALL]


async def test_a_model_that_fails_twice_is_left_alone_for_a_moment(
    router: ModelRouter, groq: GroqStandIn, hear: Hear, clock: Time
) -> None:
    groq.script(BIG, turns.server_error(), times=2)
    await hear(router)
    await hear(router)
    clock.now += 11
    await hear(router)
    assert groq.asked == [BIG, BIG, SMALL, SMALL, BIG]


async def test_a_refused_key_stops_all_models_for_a_minute(
    router: ModelRouter, groq: GroqStandIn, hear: Hear, clock: Time
) -> None:
    groq.script(BIG, turns.key_refused())
    for _ in range(2):
        with pytest.raises(KeyRefused) as refusal:
            await hear(router)
        assert refusal.value.retry_after is None
    assert groq.asked == [BIG]
    assert {state.reason for state in router.states().values()} == {"key_refused"}
    clock.now += 61
    _, finished = await hear(router)
    assert finished.model == BIG


async def test_with_nothing_left_the_soonest_wait_is_told(
    make_router: Callable[..., ModelRouter], groq: GroqStandIn, hear: Hear
) -> None:
    router = make_router(patience_seconds=0)
    groq.models.remove(BIG)
    groq.script(SMALL, turns.rate_limited("TPD", "3m33.84s", 214))
    groq.script(QWEN, turns.rate_limited("TPM", "7.66s", 8))
    # First what the provider told, then what is known of a question that is made smaller.
    for seconds in (8.0, 5.66):
        with pytest.raises(RateLimited) as refusal:
            await hear(router)
        assert (refusal.value.scope, refusal.value.retry_after) == ("TPM", pytest.approx(seconds, abs=0.2))
    assert groq.asked == [BIG, SMALL, QWEN]


async def test_the_last_overload_is_told_when_no_model_can_answer(
    router: ModelRouter, groq: GroqStandIn, hear: Hear
) -> None:
    groq.script("*", turns.over_capacity(), times=6)
    with pytest.raises(OverCapacity) as refusal:
        await hear(router)
    assert 0 < (refusal.value.retry_after or 0) <= 10
    assert groq.asked == [BIG, BIG, SMALL, SMALL, QWEN, QWEN]


async def test_a_prompt_too_large_for_all_is_told_as_such(router: ModelRouter, groq: GroqStandIn, hear: Hear) -> None:
    groq.script("*", turns.too_large(8000, 9000), times=6)
    with pytest.raises(PromptTooLarge) as refusal:
        await hear(router)
    assert (refusal.value.limit, refusal.value.requested, refusal.value.retry_after) == (8000, 9000, None)
    assert all(state.available for state in router.states().values())
    assert groq.asked == [BIG, BIG, SMALL, SMALL, QWEN, QWEN]


async def test_all_models_gone_is_told_without_a_wait(router: ModelRouter, groq: GroqStandIn, hear: Hear) -> None:
    groq.models.clear()
    for _ in range(2):
        with pytest.raises(ModelGone) as refusal:
            await hear(router)
        assert refusal.value.retry_after is None
    assert groq.asked == [BIG, SMALL, QWEN]


async def test_an_answer_that_could_not_be_used_is_on_the_bill(
    router: ModelRouter, groq: GroqStandIn, hear: Hear
) -> None:
    groq.script(BIG, turns.empty_length())
    _, finished = await hear(router)
    assert finished.usage.llm_calls == 2
    assert finished.usage.completion_tokens > 200


async def test_without_a_key_nothing_is_asked(clock: Time) -> None:
    router = ModelRouter(None, MODELS, max_output_tokens=512, clock=clock, sleep=clock.sleep)
    with pytest.raises(KeyRefused, match="GROQ_API_KEY"):
        await anext(router.stream(PROMPT))
    assert [state.available for state in router.states().values()] == [False] * 3
    await router.refresh()
    await router.close()


async def test_a_retired_model_in_an_old_setting_warns_and_its_successor_answers(
    chat: GroqChat, groq: GroqStandIn, hear: Hear
) -> None:
    with structlog.testing.capture_logs() as logs:
        router = ModelRouter(chat, ["llama-3.3-70b-versatile"], max_output_tokens=512)
    assert [(log["event"], log["log_level"], log["successor"]) for log in logs] == [("model_retired", "warning", BIG)]
    _, finished = await hear(router)
    assert (finished.model, groq.asked) == (BIG, [BIG])


async def test_a_retired_model_that_the_provider_lists_keeps_its_place(
    chat: GroqChat, groq: GroqStandIn, hear: Hear
) -> None:
    groq.models.append("llama-3.3-70b-versatile")
    router = ModelRouter(chat, ["llama-3.3-70b-versatile", SMALL], max_output_tokens=512)
    await router.refresh()
    _, finished = await hear(router)
    assert finished.model == "llama-3.3-70b-versatile"


async def test_a_model_that_the_provider_does_not_list_is_asked_last(
    router: ModelRouter, groq: GroqStandIn, hear: Hear
) -> None:
    groq.models.remove(BIG)
    await router.refresh()
    assert router.models == (SMALL, QWEN, BIG)
    _, finished = await hear(router)
    assert (finished.model, groq.asked) == (SMALL, [SMALL])


async def test_lesser_work_goes_to_the_smaller_model(router: ModelRouter, groq: GroqStandIn, hear: Hear) -> None:
    await hear(router, "summary")
    assert groq.asked == [SMALL]


async def test_a_key_refused_while_listing_models_is_remembered(router: ModelRouter, groq: GroqStandIn) -> None:
    groq.script("models", turns.key_refused())
    with pytest.raises(KeyRefused):
        await router.refresh()
    assert not any(state.available for state in router.states().values())


async def test_a_list_that_cannot_be_had_changes_nothing(router: ModelRouter, groq: GroqStandIn, hear: Hear) -> None:
    groq.script("models", turns.server_error(502))
    with pytest.raises(ModelUnreachable):
        await router.refresh()
    _, finished = await hear(router)
    assert finished.model == BIG


class Kept:
    """A LedgerStore that keeps all it is told."""

    def __init__(self) -> None:
        self.states: list[LedgerState] = []

    def save(self, state: LedgerState) -> None:
        self.states.append(state)


async def test_the_cost_of_an_answer_is_noted_once_and_before_it_ends(
    make_router: Callable[..., ModelRouter],
) -> None:
    kept = Kept()
    noted = [(type(piece), len(kept.states)) async for piece in make_router(store=kept).stream(PROMPT)]
    assert {count for kind, count in noted if kind is not Finished} == {0}
    assert noted[-1] == (Finished, 1)
    assert len(kept.states) == 1
    assert any(bucket.model == BIG and bucket.level < bucket.limit for bucket in kept.states[0].buckets)


async def test_what_an_abandoned_answer_has_cost_is_noted(make_router: Callable[..., ModelRouter]) -> None:
    kept = Kept()
    pieces = make_router(store=kept).stream(PROMPT)
    await anext(pieces)
    assert kept.states == []
    await pieces.aclose()
    assert len(kept.states) == 1
