"""A text that was embedded lately is not embedded again."""

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from waiting import until

from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.recent import RecentVectors
from conversational_rag.errors import Unavailable


class Counting:
    """Embeds a text as its length, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.urgent: list[bool] = []

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        self.asked.append(list(texts))
        self.urgent.append(urgent)
        return np.array([[float(len(text)), 1.0] for text in texts], np.float32)


async def test_only_new_texts_are_embedded_and_all_come_in_their_order() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder)
    await recent.embed_queries(["a question"])
    vectors = await recent.embed_queries(["another", "a question", "half a \ud800 letter", "another"])
    assert vectors.tolist() == [[7.0, 1.0], [10.0, 1.0], [15.0, 1.0], [7.0, 1.0]]
    assert embedder.asked == [["a question"], ["another", "half a \ud800 letter"]]
    assert (await recent.embed_queries(["another"])).shape == (1, 2)
    assert len(embedder.asked) == 2


async def test_what_was_asked_longest_ago_is_forgotten_first() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder, size=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        await recent.embed_queries([text])
    assert embedder.asked == [["one"], ["two"], ["three"], ["two"]]


async def test_an_expected_text_is_embedded_when_nobody_asks_and_known_when_somebody_does() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder, quiet_seconds=0)
    recent.expect("an answer")
    assert embedder.asked == []
    await until(lambda: embedder.asked)
    await recent.embed_queries(["a question", "an answer"])
    assert embedder.asked == [["an answer"], ["a question"]]
    assert embedder.urgent == [False, True]


async def test_where_somebody_asks_first_nothing_is_embedded_that_was_only_expected() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder, quiet_seconds=0)
    recent.expect("an answer")
    await recent.embed_queries(["a question"])
    recent.expect("another answer")
    await until(lambda: len(embedder.asked) > 1)
    assert embedder.asked == [["a question"], ["another answer"]]


async def test_of_many_expected_texts_the_latest_are_embedded() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder, quiet_seconds=0)
    for number in range(100):
        recent.expect(str(number))
    await until(lambda: ["84"] in embedder.asked)
    assert embedder.asked == [[str(number)] for number in range(99, 83, -1)]


async def test_what_is_known_or_empty_is_not_expected() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder, quiet_seconds=0)
    await recent.embed_queries(["an answer"])
    for text in ("an answer", "", "new"):
        recent.expect(text)
    await until(lambda: len(embedder.asked) > 1)
    assert embedder.asked == [["an answer"], ["new"]]


async def test_an_expected_text_that_cannot_be_embedded_now_is_nobodys_trouble() -> None:
    class Closed(Counting):
        async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
            await super().embed_queries(texts, urgent=urgent)
            raise Unavailable

    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, trouble: troubles.append(trouble))
    embedder = Closed()
    recent = RecentVectors(embedder, quiet_seconds=0)
    recent.expect("an answer")
    await until(lambda: embedder.asked)
    del recent
    gc.collect()
    assert troubles == []


class Gated(Counting):
    """Embeds when the gate is opened; fails when `broken`."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.broken = asyncio.Event(), False

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        vectors = await super().embed_queries(texts, urgent=urgent)
        await self.gate.wait()
        if self.broken:
            raise Unavailable
        return vectors


async def test_a_question_that_was_begun_is_waited_for_and_not_embedded_again() -> None:
    embedder = Gated()
    recent = RecentVectors(embedder)
    recent.begin("a question")
    recent.begin("a question")
    searches = [asyncio.create_task(recent.embed_queries(["a question", "an answer"])) for _ in range(2)]
    await until(lambda: embedder.asked)
    embedder.gate.set()
    assert [(await search).tolist() for search in searches] == [[[10.0, 1.0], [9.0, 1.0]]] * 2
    assert embedder.asked == [["a question"], ["an answer"]]
    recent.begin("a question")
    assert (await recent.embed_queries(["a question"])).tolist() == [[10.0, 1.0]]
    assert len(embedder.asked) == 2


async def test_whoever_leaves_takes_the_vector_from_nobody_who_waits_for_it_too() -> None:
    embedder = Gated()
    recent = RecentVectors(embedder)
    leaving, staying = (asyncio.create_task(recent.embed_queries(["a question"])) for _ in range(2))
    await until(lambda: embedder.asked)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    embedder.gate.set()
    assert (await staying).tolist() == [[10.0, 1.0]]


async def test_a_question_that_was_begun_and_failed_is_tried_again(caplog: Any) -> None:
    embedder = Gated()
    embedder.broken = True
    embedder.gate.set()
    recent = RecentVectors(embedder)
    recent.begin("a question")
    with pytest.raises(Unavailable):
        await recent.embed_queries(["a question"])
    recent.begin("another that nobody waits for")
    await until(lambda: len(embedder.asked) == 3)
    embedder.broken = False
    assert (await recent.embed_queries(["a question"])).tolist() == [[10.0, 1.0]]
    gc.collect()
    assert not caplog.records


async def test_questions_that_wait_have_one_turn_together() -> None:
    embedder = Gated()
    recent = RecentVectors(embedder)
    questions = [f"{number} questions" for number in range(10)]
    recent.begin(questions[0])
    await until(lambda: embedder.asked)
    searches = [asyncio.create_task(recent.embed_queries([question])) for question in questions]
    await asyncio.sleep(0)
    embedder.gate.set()
    assert [(await search).shape for search in searches] == [(1, 2)] * 10
    assert embedder.asked == [questions[:1], questions[1:9], questions[9:]]


async def test_a_text_that_cannot_be_embedded_is_the_trouble_of_nobody_beside_it() -> None:
    class Choosy(Gated):
        async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
            vectors = await super().embed_queries(texts, urgent=urgent)
            if "too large" in texts:
                raise Unavailable
            return vectors

    embedder = Choosy()
    recent = RecentVectors(embedder)
    first, large, other = (
        asyncio.create_task(recent.embed_queries([text])) for text in ("first", "too large", "other")
    )
    await until(lambda: embedder.asked)
    embedder.gate.set()
    assert (await first).tolist() == [[5.0, 1.0]]
    assert (await other).tolist() == [[5.0, 1.0]]
    with pytest.raises(Unavailable):
        await large
