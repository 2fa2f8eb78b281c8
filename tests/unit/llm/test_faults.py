"""Each fault that the provider has shown: what the listener hears, and which model speaks."""

from collections.abc import AsyncIterator, Awaitable, Callable

import groq_turns as turns
import pytest
from groq_stand_in import MODELS, GroqStandIn
from groq_turns import Answer, Turn
from llm_parts import PROMPT, Time

from conversational_rag.errors import (
    BadGeneration,
    ModelError,
    ModelUnreachable,
    OverCapacity,
    RateLimited,
)
from conversational_rag.llm.base import Chosen, Finished, Word
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.router import ModelRouter

BIG, SMALL, QWEN = MODELS
Hear = Callable[..., Awaitable[tuple[str, Finished]]]


async def drain(pieces: AsyncIterator[Chosen | Word | Finished]) -> None:
    async for piece in pieces:
        assert isinstance(piece, Word)


@pytest.mark.parametrize(
    ("fault", "asked", "reason"),
    [
        (turns.rate_limited("RPM", "2s", 2), [BIG, SMALL], "rate_limited"),
        (turns.rate_limited("TPM"), [BIG, SMALL], "rate_limited"),
        (turns.rate_limited("TPD", "3m33.84s", 214), [BIG, SMALL], "rate_limited"),
        (turns.rate_limited("RPD", "1m26.4s", 87), [BIG, SMALL], "rate_limited"),
        (turns.output_too_large(), [BIG, BIG, SMALL], "rate_limited"),
        (turns.too_large(), [BIG, BIG, SMALL], ""),
        (turns.gone(404), [BIG, SMALL], "model_gone"),
        (turns.gone(400), [BIG, SMALL], "model_gone"),
        (turns.blocked(), [BIG, SMALL], "model_gone"),
        (turns.forbidden_html(), [BIG, BIG, SMALL], "model_unreachable"),
        (turns.server_error(500), [BIG, BIG, SMALL], "model_unreachable"),
        (turns.server_error(502), [BIG, BIG, SMALL], "model_unreachable"),
        (turns.over_capacity(503), [BIG, BIG, SMALL], "over_capacity"),
        (turns.over_capacity(498), [BIG, BIG, SMALL], "over_capacity"),
        (turns.reset_before(), [BIG, BIG, SMALL], "model_unreachable"),
        (turns.reset_midway(0), [BIG, BIG, SMALL], "model_unreachable"),
        (turns.no_finish(""), [BIG, SMALL], ""),
        (turns.error_event(0), [BIG, SMALL], ""),
        (turns.early_stop(0), [BIG, SMALL], ""),
        (turns.empty_length(), [BIG, SMALL], ""),
        (Answer(""), [BIG, SMALL], ""),
        (Answer(" \n\n "), [BIG, SMALL], ""),
    ],
)
async def test_a_fault_before_the_first_word_is_unseen_and_the_sibling_answers(
    router: ModelRouter, groq: GroqStandIn, hear: Hear, fault: Turn, asked: list[str], reason: str
) -> None:
    groq.script(BIG, fault, times=2)
    text, finished = await hear(router)
    assert text == "Answer: Pumps last long. [1]"
    assert finished.model == SMALL
    assert groq.asked == asked
    assert router.states()[BIG].reason == reason


@pytest.mark.parametrize(
    "fault", [turns.over_capacity(), turns.server_error(), turns.reset_before(), turns.reset_midway(0)]
)
async def test_a_fault_that_passes_is_met_by_one_short_retry(
    router: ModelRouter, groq: GroqStandIn, hear: Hear, clock: Time, fault: Turn
) -> None:
    groq.script(BIG, fault)
    _, finished = await hear(router)
    assert (finished.model, groq.asked) == (BIG, [BIG, BIG])
    assert [0.2 <= seconds <= 0.6 for seconds in clock.slept] == [True]


@pytest.mark.parametrize("fault", [turns.hang(), turns.hang_midway(0)])
async def test_a_silent_model_is_asked_once_more_and_then_its_sibling(
    hasty_router: ModelRouter, groq: GroqStandIn, hear: Hear, fault: Turn
) -> None:
    groq.script(BIG, fault, times=2)
    _, finished = await hear(hasty_router)
    assert (finished.model, groq.asked) == (SMALL, [BIG, BIG, SMALL])
    assert hasty_router.states()[BIG].reason == "model_unreachable"


async def test_a_model_that_let_us_wait_long_gets_no_second_wait(
    hasty_chat: GroqChat, groq: GroqStandIn, hear: Hear
) -> None:
    router = ModelRouter(hasty_chat, MODELS, max_output_tokens=512, clock=lambda: 6.0 * len(groq.asked))
    groq.script(BIG, turns.hang())
    _, finished = await hear(router)
    assert (finished.model, groq.asked) == (SMALL, [BIG, SMALL])


async def test_what_would_come_too_late_is_not_asked_again(
    make_router: Callable[..., ModelRouter], hasty_chat: GroqChat, groq: GroqStandIn, clock: Time
) -> None:
    router = make_router(hasty_chat, patience_seconds=-0.3)
    groq.script(BIG, turns.over_capacity())
    with pytest.raises(OverCapacity):
        await anext(router.stream(PROMPT))
    assert len(clock.slept) == 1
    assert groq.asked == [BIG]


async def test_a_model_that_falls_silent_after_its_first_word_is_told(
    hasty_router: ModelRouter, groq: GroqStandIn
) -> None:
    groq.script(BIG, turns.hang_midway(3, "one two three four five"))
    pieces = hasty_router.stream(PROMPT)
    assert [type(await anext(pieces)) for _ in range(2)] == [Chosen, Word]
    with pytest.raises(ModelUnreachable, match="LLM_TIMEOUT"):
        await drain(pieces)
    assert groq.asked == [BIG]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (turns.reset_midway(3, "one two three four five"), ModelUnreachable),
        (turns.no_finish("one two three"), BadGeneration),
        (turns.error_event(3, None, "one two three four"), BadGeneration),
        (turns.error_event(3, "rate_limit_exceeded", "one two three four"), RateLimited),
        (turns.early_stop(2), BadGeneration),
    ],
)
async def test_a_fault_after_the_first_word_is_told_and_nobody_else_is_asked(
    router: ModelRouter, groq: GroqStandIn, fault: Turn, kind: type[ModelError]
) -> None:
    groq.script(BIG, fault)
    pieces = router.stream(PROMPT)
    assert [type(await anext(pieces)) for _ in range(2)] == [Chosen, Word]
    with pytest.raises(kind):
        await drain(pieces)
    assert groq.asked == [BIG]
    assert router.states()[BIG].available
