"""Whoever stops listening, in whatever way, frees the connection to the provider at once."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing

import groq_turns as turns
import pytest
from groq_stand_in import GroqStandIn
from llm_parts import MESSAGES, PROMPT

from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.router import ModelRouter

MODEL = "openai/gpt-oss-120b"


async def until(condition: Callable[[], bool], seconds: float = 3.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def endless(groq: GroqStandIn) -> Iterator[None]:
    """Answers without end, and no garbage collector to clean up behind a stream that was left."""
    groq.default = turns.slow(10_000, 0.002)
    gc.disable()
    yield
    gc.enable()


async def freed(groq: GroqStandIn) -> None:
    await until(lambda: groq.streams_open == 0 and groq.connections_open == 0)


async def test_closing_the_words_frees_the_connection(chat: GroqChat, groq: GroqStandIn) -> None:
    words = chat.stream_words(MESSAGES, model=MODEL)
    await anext(words)
    assert groq.streams_open == 1
    await words.aclose()
    await freed(groq)


async def test_breaking_out_of_the_words_frees_the_connection(chat: GroqChat, groq: GroqStandIn) -> None:
    async for _ in chat.stream_words(MESSAGES, model=MODEL):
        break
    await freed(groq)


async def test_closing_a_langchain_stream_frees_the_connection(chat: GroqChat, groq: GroqStandIn) -> None:
    chunks = chat.astream(MESSAGES, model=MODEL)
    await anext(chunks)
    await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]
    await freed(groq)


async def test_breaking_out_of_a_langchain_stream_frees_the_connection(chat: GroqChat, groq: GroqStandIn) -> None:
    async for _ in chat.astream(MESSAGES, model=MODEL):
        break
    await freed(groq)


async def test_closing_the_routers_stream_frees_the_connection(router: ModelRouter, groq: GroqStandIn) -> None:
    async with aclosing(router.stream(PROMPT)) as pieces:
        async for _ in pieces:
            break
    await freed(groq)


async def test_a_listener_cancelled_while_it_waits_for_a_word_frees_the_connection(
    router: ModelRouter, groq: GroqStandIn
) -> None:
    groq.default = turns.hang_midway(1, "word and silence")
    heard = asyncio.Event()

    async def listen() -> None:
        async for _ in router.stream(PROMPT):
            heard.set()

    task = asyncio.create_task(listen())
    await heard.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await freed(groq)


async def test_a_listener_cancelled_while_it_hands_a_word_on_frees_the_connection(
    router: ModelRouter, groq: GroqStandIn
) -> None:
    busy = asyncio.Event()

    async def listen() -> None:
        async with aclosing(router.stream(PROMPT)) as pieces:
            async for _ in pieces:
                busy.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(listen())
    await busy.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await freed(groq)


async def test_a_listener_cancelled_before_the_first_word_frees_the_connection(
    router: ModelRouter, groq: GroqStandIn
) -> None:
    groq.default = turns.hang()

    async def listen() -> None:
        async for _ in router.stream(PROMPT):
            pass

    task = asyncio.create_task(listen())
    await until(lambda: groq.connections_open == 1 and len(groq.requests) == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: groq.connections_open == 0)
