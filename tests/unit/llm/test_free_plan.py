"""One free key for everybody, against a stand-in that enforces its limits on a clock that runs 60 times faster."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from groq_quota import FreePlan
from groq_stand_in import MODELS, GroqStandIn
from groq_turns import slow
from pydantic import SecretStr

from conversational_rag.errors import ModelError, RateLimited
from conversational_rag.llm.base import Finished
from conversational_rag.llm.buckets import DAY_SECONDS, FREE_PLAN, MINUTE_SECONDS, Plan
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.limits import Ledger
from conversational_rag.llm.router import ModelRouter
from conversational_rag.rag.budget import Budget, TurnPrompt
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.memory import Recall

BIG, SMALL, QWEN = MODELS
SPEED = 60.0


@pytest.fixture(params=[False, True], ids=["unused output is lost", "unused output comes back"])
def plan(request: pytest.FixtureRequest) -> FreePlan:
    return FreePlan(SPEED, refunds_output=request.param)


@pytest.fixture
def groq(plan: FreePlan) -> Iterator[GroqStandIn]:
    with GroqStandIn(plan=plan) as stand_in:
        yield stand_in


def router_of(chat: GroqChat, patience_seconds: float, speed: float = SPEED) -> ModelRouter:
    plan = Plan(FREE_PLAN.limits, MINUTE_SECONDS / speed, DAY_SECONDS / speed)
    return ModelRouter(
        chat, MODELS, max_output_tokens=1024, patience_seconds=patience_seconds / SPEED, ledger=Ledger(plan)
    )


def question(number: int) -> TurnPrompt:
    """Four passages of 1,000 characters, which no other question has."""
    sentence = "Crane {}.{} lifts {} tonnes and is checked by the harbour master each spring. "
    texts = [sentence.format(number, n, n) * 20 for n in range(4)]
    passages = [Passage(n, "doc", "harbour.pdf", n, n + 1, 0, text[:1000], 0.9) for n, text in enumerate(texts)]
    return TurnPrompt(f"What does crane {number}.1 lift?", passages, Recall((), "", 0), Budget.usual(4, 2000))


class Callers:
    """Many who ask at once, and what became of them."""

    def __init__(self, router: ModelRouter) -> None:
        self._router = router
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.models: Counter[str] = Counter()
        self.errors: list[ModelError] = []

    async def ask(self, *callers: str) -> None:
        await asyncio.gather(*(self._ask(caller, number) for number, caller in enumerate(callers)))
        # The chain makes a marked answer of quotes of these; nothing else may come.
        assert all(isinstance(error, RateLimited) and error.retry_after is not None for error in self.errors)

    async def _ask(self, caller: str, number: int) -> None:
        try:
            async for piece in self._router.stream(question(number), caller=caller):
                if isinstance(piece, Finished):
                    self.answered[caller] += 1
                    self.models[piece.model] += 1
        except ModelError as error:
            self.errors.append(error)
            self.refused[caller] += 1


@pytest.fixture
async def patient(chat: GroqChat) -> AsyncIterator[Callers]:
    router = router_of(chat, 120)
    yield Callers(router)
    assert router.waiting == 0


async def test_sixty_questions_from_twenty_callers_are_answered_with_patience(patient: Callers) -> None:
    await patient.ask(*(f"client {number % 20}" for number in range(60)))
    assert patient.answered.total() + patient.refused.total() == 60
    assert patient.answered.total() >= 48
    assert set(patient.models) == set(MODELS)


async def test_a_burst_of_fifty_leaves_another_clients_five_to_a_model(chat: GroqChat, plan: FreePlan) -> None:
    plan.speed = speed = 20.0  # half a second of patience would be too short for a busy machine
    callers = Callers(router_of(chat, 30 * SPEED / speed, speed))
    await callers.ask(*["many"] * 50, *["few"] * 5)
    assert callers.answered["few"] == 5
    assert callers.answered["many"] >= 10


async def test_a_provider_that_refills_faster_than_thought_is_believed() -> None:
    """The ledger counts in minutes, the provider refills in milliseconds: its headers tell that there is room."""
    with GroqStandIn(plan=FreePlan(speed=20_000)) as groq:
        chat = GroqChat.connect(SecretStr("gsk_test"), base_url=groq.url, temperature=0.7, timeout_seconds=30)
        callers = Callers(router_of(chat, 0, speed=1))
        for _ in range(15):
            await callers.ask("a")
        await chat.close()
    assert callers.models == {BIG: 15}


async def test_a_day_that_is_used_up_is_learnt_from_one_refusal_each(
    chat: GroqChat, plan: FreePlan, groq: GroqStandIn
) -> None:
    for model in MODELS:
        plan.drain(model, "TPD")
    callers = Callers(router_of(chat, 0))
    for _ in range(5):
        await callers.ask("a")
    assert callers.refused["a"] == 5
    assert len(groq.asked) <= 6


async def test_the_second_question_of_a_prefix_is_cheaper(chat: GroqChat) -> None:
    pieces = [[piece async for piece in router_of(chat, 0).stream(question(1))][-1] for _ in range(2)]
    first, second = (piece.usage for piece in pieces if isinstance(piece, Finished))
    assert first.cached_tokens == 0
    assert second.cached_tokens > 128


async def test_when_every_model_hangs_the_caller_hears_within_patience_and_one_call(
    hasty_chat: GroqChat, groq: GroqStandIn
) -> None:
    groq.default = slow(1, 3600)
    router = ModelRouter(hasty_chat, MODELS, max_output_tokens=512, patience_seconds=0.3)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(ModelError):
        await anext(router.stream(question(1)))
    assert loop.time() - began < 0.3 + 0.4 + 0.5
