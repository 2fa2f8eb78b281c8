"""A stand-in of its own for each test, and clients of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from groq_stand_in import MODELS, GroqStandIn
from llm_parts import PROMPT, Time
from pydantic import SecretStr

from conversational_rag.llm.base import ChatModels, Chosen, Finished, Word
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.limits import Ledger
from conversational_rag.llm.router import ModelRouter


@pytest.fixture
def groq() -> Iterator[GroqStandIn]:
    with GroqStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
async def chat(groq: GroqStandIn) -> AsyncIterator[GroqChat]:
    """A client of the stand-in, more patient than any test."""
    chat = GroqChat.connect(SecretStr("gsk_test"), base_url=groq.url, temperature=0.7, timeout_seconds=30)
    yield chat
    await chat.close()


@pytest.fixture
async def hasty_chat(groq: GroqStandIn) -> AsyncIterator[GroqChat]:
    """A client that gives up after 0.4 s without a byte."""
    chat = GroqChat.connect(SecretStr("gsk_test"), base_url=groq.url, temperature=0.7, timeout_seconds=0.4)
    yield chat
    await chat.close()


@pytest.fixture
def make_router(chat: GroqChat, clock: Time) -> Callable[..., ModelRouter]:
    """Makes routers whose time passes only when a test says so."""

    def make(chat: GroqChat = chat, **options: Any) -> ModelRouter:
        options = {"max_output_tokens": 512, "ledger": Ledger(clock=clock), **options}
        return ModelRouter(chat, MODELS, clock=clock, sleep=clock.sleep, **options)

    return make


@pytest.fixture
def router(make_router: Callable[..., ModelRouter]) -> ModelRouter:
    return make_router()


@pytest.fixture
def hasty_router(make_router: Callable[..., ModelRouter], hasty_chat: GroqChat) -> ModelRouter:
    return make_router(hasty_chat)


@pytest.fixture
def hear() -> Callable[[ChatModels], Awaitable[tuple[str, Finished]]]:
    """Asks and listens to the end: the text and the last piece."""

    async def listen(models: ChatModels, purpose: str = "answer") -> tuple[str, Finished]:
        pieces = [piece async for piece in models.stream(PROMPT, purpose=purpose)]
        assert isinstance(pieces[0], Chosen)
        assert isinstance(pieces[-1], Finished)
        assert all(isinstance(piece, Word) for piece in pieces[1:-1])
        return "".join(piece.text for piece in pieces[1:-1]), pieces[-1]

    return listen
