"""How models stand: who is asked first, who must wait for what, and who is of no use."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import groq_turns as turns
import pytest
from groq_stand_in import MODELS, GroqStandIn
from llm_parts import PROMPT, Time
from pydantic import SecretStr

from conversational_rag.errors import ModelError
from conversational_rag.llm.buckets import Demand
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.limits import Ledger
from conversational_rag.llm.router import ModelRouter
from conversational_rag.services.models import Model, overview

BIG, SMALL, QWEN = MODELS


@pytest.fixture
def stand_in() -> Iterator[GroqStandIn]:
    with GroqStandIn() as running:
        yield running


@pytest.fixture
async def chat(stand_in: GroqStandIn) -> AsyncIterator[GroqChat]:
    opened = GroqChat.connect(SecretStr("gsk_test"), base_url=stand_in.url, temperature=0.7, timeout_seconds=30)
    yield opened
    await opened.close()


def router(chat: GroqChat | None, clock: Time, models: tuple[str, ...] = (BIG, SMALL, QWEN)) -> ModelRouter:
    options: dict[str, Any] = {"max_output_tokens": 512, "ledger": Ledger(clock=clock)}
    return ModelRouter(chat, models, clock=clock, sleep=clock.sleep, **options)


async def ask(models: ModelRouter) -> None:
    try:
        async for _ in models.stream(PROMPT):
            pass
    except ModelError:
        pass


def by_name(models: ModelRouter) -> dict[str, Model]:
    return {each.model: each for each in overview(models)}


async def test_the_models_stand_in_the_order_of_their_use(chat: GroqChat) -> None:
    shown = overview(router(chat, Time()))
    assert [(each.model, each.role, each.state) for each in shown] == [
        (BIG, "main", "available"),
        (SMALL, "fallback", "available"),
        (QWEN, "fallback", "available"),
    ]
    assert {quota.name: (quota.limit, quota.left, quota.full_in) for quota in shown[0].buckets} == {
        "requests_per_minute": (30, 30, None),
        "requests_per_day": (1000, 1000, None),
        "tokens_per_minute": (8000, 8000, None),
        "tokens_per_day": (200_000, 200_000, None),
    }


async def test_what_was_taken_is_missing_until_it_has_flown_in(chat: GroqChat) -> None:
    clock = Time()
    ledger = Ledger(clock=clock)
    models = ModelRouter(chat, (BIG,), max_output_tokens=512, ledger=ledger, clock=clock, sleep=clock.sleep)
    ledger.of(BIG).reserve(Demand(3500, 500))
    quota = {each.name: each for each in overview(models)[0].buckets}["tokens_per_minute"]
    assert (quota.left, quota.full_in) == (4000, pytest.approx(30))
    clock.now += 20
    quota = {each.name: each for each in overview(models)[0].buckets}["tokens_per_minute"]
    assert (round(quota.left), quota.full_in) == (6667, pytest.approx(10))
    ledger.of(BIG).reserve(Demand(9000, 500))
    (shown,) = overview(models)
    assert shown.state == "waiting"
    assert shown.retry_after is not None
    assert {each.name: each.left for each in shown.buckets}["tokens_per_minute"] == 0


async def test_a_model_waits_or_is_of_no_use_for_the_reason_that_it_was_refused(
    chat: GroqChat, stand_in: GroqStandIn
) -> None:
    stand_in.models.remove(BIG)
    stand_in.script(SMALL, turns.rate_limited("TPD", "3m33.84s", 214))
    stand_in.script(QWEN, turns.over_capacity(), times=2)
    models = router(chat, Time())
    await ask(models)
    shown = by_name(models)
    assert (shown[BIG].state, shown[BIG].retry_after) == ("unavailable", pytest.approx(6 * 3600, abs=60))
    assert (shown[SMALL].state, shown[QWEN].state) == ("waiting", "waiting")
    assert shown[SMALL].retry_after == pytest.approx(214, rel=0.5)
    assert 0 < (shown[QWEN].retry_after or 0) <= 60


async def test_with_a_refused_key_none_is_of_use(chat: GroqChat, stand_in: GroqStandIn) -> None:
    stand_in.script(BIG, turns.key_refused())
    models = router(chat, Time())
    await ask(models)
    assert {each.state for each in overview(models)} == {"unavailable"}


async def test_a_model_that_can_never_take_a_question_does_not_wait(chat: GroqChat) -> None:
    clock = Time()
    ledger = Ledger(clock=clock)
    ledger.of(BIG).buckets["TPM"].set_limit(100, clock.now)
    models = ModelRouter(chat, (BIG,), max_output_tokens=512, ledger=ledger, clock=clock, sleep=clock.sleep)
    (shown,) = overview(models)
    assert (shown.state, shown.retry_after) == ("unavailable", None)


async def test_without_a_key_nothing_is_known_of_any_quota() -> None:
    shown = overview(router(None, Time()))
    assert [(each.role, each.state, each.retry_after, each.buckets) for each in shown] == [
        ("main", "no_key", None, ()),
        ("fallback", "no_key", None, ()),
        ("fallback", "no_key", None, ()),
    ]


async def test_the_successor_of_a_retired_model_is_the_main_one_whatever_the_provider_lists_first(
    chat: GroqChat, stand_in: GroqStandIn
) -> None:
    retired = "llama-3.3-70b-versatile"
    models = router(chat, Time(), (retired, SMALL))
    main, *others = overview(models)
    assert (main.model, main.role) == (BIG, "main")
    assert {each.role for each in others} == {"fallback"}
    stand_in.models.remove(BIG)
    await models.refresh()
    first, *_ = overview(models)
    assert (first.model, first.role) == (SMALL, "fallback")
    assert by_name(models)[BIG].role == "main"
