"""Processes that read files side by side, are started when needed, and end when they have rested for long."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio
from files.markup_makers import make_html
from waiting import until

from conversational_rag.errors import ParsingLimit
from conversational_rag.ingestion.pipeline import Reader

Place = Callable[[bytes, str], Path]
SLOW = make_html("<b>" * 120_000 + "</i>" * 120_000)
MEGABYTE = 2**20


@pytest_asyncio.fixture
async def two() -> AsyncIterator[Reader]:
    reader = Reader(10, 512 * MEGABYTE, children=2)
    yield reader
    await reader.close()


async def test_a_small_file_does_not_wait_for_a_slow_one(two: Reader, place: Place) -> None:
    slow = asyncio.create_task(two.read(place(SLOW, "slow"), "slow.html", 1000, 200))
    quick = [two.read(place(b"Quick.", f"{number}"), f"{number}.txt", 1000, 200) for number in range(5)]
    assert [(await each).characters for each in quick] == [6] * 5
    assert not slow.done()
    assert len(two._pool.pids) == 2
    slow.cancel()
    assert isinstance((await asyncio.gather(slow, return_exceptions=True))[0], asyncio.CancelledError | ParsingLimit)


async def test_a_child_is_only_started_when_the_others_are_busy(two: Reader, place: Place) -> None:
    assert two._pool.pids == []
    for number in range(3):
        await two.read(place(b"Text.", f"{number}"), "a.txt", 1000, 200)
    assert len(two._pool.pids) == 1


async def test_children_that_rest_for_long_end_and_come_back(place: Place) -> None:
    reader = Reader(30, 512 * MEGABYTE, children=2, idle_seconds=0.05)
    path = place(b"Text.", "a")
    await asyncio.gather(*(reader.read(path, "a.txt", 1000, 200) for _ in range(2)))
    await until(lambda: not reader._pool.pids)
    assert (await reader.read(path, "a.txt", 1000, 200)).characters == 5
    await reader.close()
    assert reader._pool.pids == []
