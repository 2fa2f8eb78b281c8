"""The pool: questions overtake documents, one slice at a time, and nobody's turn is lost."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

import numpy as np
import pytest
from toy_embedder import ToyEmbedder

from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ConfigurationError, Unavailable

_SECONDS = 10


class RecordingEmbedder(ToyEmbedder):
    """Notes each call and waits in it for as long as the gate is shut."""

    def __init__(self, *, batch_size: int = 2) -> None:
        super().__init__(batch_size=batch_size)
        self.calls: list[list[str]] = []
        self.threads: set[str] = set()
        self.gate, self.inside = threading.Event(), threading.Event()
        self.gate.set()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        self.threads.add(threading.current_thread().name)
        self.inside.set()
        assert self.gate.wait(_SECONDS)
        if "fail" in texts:
            raise Unavailable("as it was told to")
        return super().embed(texts)

    def shut(self) -> None:
        """From now on calls wait; see `until_inside`."""
        self.gate.clear()
        self.inside.clear()

    async def until_inside(self) -> None:
        """Return when a call waits at the gate."""
        assert await asyncio.to_thread(self.inside.wait, _SECONDS)


@pytest.fixture
def toy() -> RecordingEmbedder:
    return RecordingEmbedder()


@pytest.fixture
async def pool(toy: RecordingEmbedder) -> EmbeddingPool:
    pool = EmbeddingPool(lambda: toy)
    await pool.start()
    return pool


async def _queued(*coroutines: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Each as a task, in this order, all of them waiting for their turn."""
    tasks = []
    for coroutine in coroutines:
        tasks.append(asyncio.create_task(coroutine))
        for _ in range(5):
            await asyncio.sleep(0)
    return tasks


async def test_a_question_waits_for_one_slice_at_most(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    toy.shut()
    tasks = await _queued(pool.embed_passages(["aaa", "bbb", "cc", "dd", "e"]))
    await toy.until_inside()
    tasks += await _queued(pool.embed_query("urgent"))
    toy.gate.set()
    await asyncio.gather(*tasks)
    assert toy.calls == [["aaa", "bbb"], ["urgent"], ["cc"], ["dd"], ["e"]]


async def test_a_question_goes_before_what_nobody_waits_for(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    toy.shut()
    tasks = await _queued(pool.embed_query("first"))
    await toy.until_inside()
    tasks += await _queued(pool.embed_queries(["answer"], urgent=False), pool.embed_query("second"))
    toy.gate.set()
    await asyncio.gather(*tasks)
    assert toy.calls == [["first"], ["second"], ["answer"]]


async def test_what_nobody_waits_for_leaves_passages_in_whole_slices(
    pool: EmbeddingPool, toy: RecordingEmbedder
) -> None:
    await pool.embed_queries(["answer"], urgent=False)
    await pool.embed_passages(["a", "a", "a"])
    assert toy.calls == [["answer"], ["a", "a"], ["a"]]


async def test_passages_go_in_small_slices_while_questions_are_asked_and_in_whole_ones_afterwards(
    toy: RecordingEmbedder,
) -> None:
    now = 100.0
    pool = EmbeddingPool(lambda: toy, clock=lambda: now)
    await pool.embed_passages(["a", "a", "a"])
    await pool.embed_query("question")
    now += 1.9
    await pool.embed_passages(["b", "b", "b"])
    now += 0.2
    await pool.embed_passages(["c", "c", "c"])
    assert toy.calls == [["a", "a"], ["a"], ["question"], ["b"], ["b"], ["b"], ["c", "c"], ["c"]]
    await pool.close()


async def test_two_uploads_take_turns(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    toy.shut()
    tasks = await _queued(pool.embed_passages(["a"] * 4), pool.embed_passages(["b"] * 4))
    toy.gate.set()
    await asyncio.gather(*tasks)
    assert toy.calls == [["a", "a"], ["b", "b"], ["a", "a"], ["b", "b"]]


async def test_vectors_come_in_the_order_of_the_passages(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    texts = ["one", "seventeen ships", "a", "two ferries", "harbour"]
    vectors = await pool.embed_passages(texts)
    np.testing.assert_array_equal(vectors, ToyEmbedder().embed(texts))
    assert vectors.dtype == np.float32
    assert toy.calls == [["seventeen ships", "two ferries"], ["harbour", "one"], ["a"]]


async def test_questions_come_one_by_one_or_together(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    texts = ["which ferry", "when", "where", "why"]
    together = await pool.embed_queries(texts)
    assert toy.calls == [texts]
    assert together.shape == (4, 384)
    np.testing.assert_array_equal(await pool.embed_query("which ferry"), together[0])


async def test_no_texts_give_no_vectors(pool: EmbeddingPool) -> None:
    assert (await pool.embed_passages([])).shape == (0, 384)
    assert (await pool.embed_queries([])).shape == (0, 384)


async def test_progress_is_told_after_each_slice(pool: EmbeddingPool) -> None:
    done: list[int] = []
    await pool.embed_passages(["x"] * 5, done.append)
    assert done == [2, 4, 5]


async def test_a_cancelled_caller_goes_at_once_and_keeps_the_turn_until_its_slice_is_done(
    pool: EmbeddingPool, toy: RecordingEmbedder
) -> None:
    toy.shut()
    cancelled, other = await _queued(pool.embed_passages(["aa", "aa", "b"]), pool.embed_passages(["cc"]))
    await toy.until_inside()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    (question,) = await _queued(pool.embed_query("question"))
    toy.gate.set()
    await asyncio.gather(question, other)
    assert toy.calls == [["aa", "aa"], ["question"], ["cc"]]


async def test_a_caller_cancelled_while_waiting_is_left_out(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    toy.shut()
    first, second, third = await _queued(*(pool.embed_query(name) for name in ("first", "second", "third")))
    second.cancel()
    toy.gate.set()
    await asyncio.gather(first, third)
    assert second.cancelled()
    assert toy.calls == [["first"], ["third"]]


async def test_a_failure_reaches_its_caller_alone(pool: EmbeddingPool) -> None:
    failing, well = await asyncio.gather(pool.embed_query("fail"), pool.embed_query("well"), return_exceptions=True)
    assert isinstance(failing, Unavailable)
    assert isinstance(well, np.ndarray)


async def test_the_failure_of_an_abandoned_call_is_nobodys_news(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    toy.shut()
    (question,) = await _queued(pool.embed_query("fail"))
    await toy.until_inside()
    question.cancel()
    await asyncio.wait([question])
    toy.gate.set()
    await pool.ping()
    del question
    assert complaints == []


async def test_the_model_is_loaded_once_in_the_thread_and_not_before() -> None:
    loads: list[str] = []

    def load() -> ToyEmbedder:
        loads.append(threading.current_thread().name)
        return ToyEmbedder()

    pool = EmbeddingPool(load)
    assert (loads, pool.ready) == ([], False)
    await asyncio.gather(pool.start(), pool.embed_query("first use"), pool.embed_passages(["x"]), pool.start())
    assert len(loads) == 1
    assert loads[0] != threading.current_thread().name
    assert pool.ready


async def test_all_work_is_done_in_one_thread_beside_the_event_loop(
    pool: EmbeddingPool, toy: RecordingEmbedder
) -> None:
    await asyncio.gather(*(pool.embed_query("x") for _ in range(20)), pool.embed_passages(["y"] * 9))
    assert len(toy.threads) == 1
    assert threading.current_thread().name not in toy.threads


async def test_a_model_that_cannot_be_loaded_is_tried_again() -> None:
    outcomes = [ConfigurationError("EMBEDDING_MODEL: no such model"), ToyEmbedder()]

    def load() -> ToyEmbedder:
        outcome = outcomes.pop(0)
        if isinstance(outcome, ConfigurationError):
            raise outcome
        return outcome

    pool = EmbeddingPool(load)
    with pytest.raises(ConfigurationError, match="no such model"):
        await pool.embed_passages(["x"])
    assert not pool.ready
    assert (await pool.embed_query("x")).shape == (384,)


async def test_the_fingerprint_is_known_after_the_start(toy: RecordingEmbedder) -> None:
    pool = EmbeddingPool(lambda: toy)
    with pytest.raises(RuntimeError, match="start"):
        _ = pool.fingerprint
    with pytest.raises(RuntimeError, match="start"):
        _ = pool.dimensions
    await pool.start()
    assert (pool.fingerprint, pool.dimensions) == ("toy", 384)


async def test_a_ping_embeds_something(pool: EmbeddingPool, toy: RecordingEmbedder) -> None:
    await pool.ping()
    assert toy.calls == [["ping"]]


async def test_closing_lets_the_running_slice_finish_and_refuses_the_rest(
    pool: EmbeddingPool, toy: RecordingEmbedder
) -> None:
    toy.shut()
    upload, waiting = await _queued(pool.embed_passages(["aa", "aa", "b"]), pool.embed_passages(["c"]))
    (closing,) = await _queued(pool.close())
    toy.gate.set()
    await closing
    outcomes = await asyncio.gather(upload, waiting, pool.embed_query("late"), pool.start(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 4
    assert toy.calls == [["aa", "aa"]]
    assert not pool.ready
    await pool.close()


async def test_a_closed_pool_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    pool = EmbeddingPool(ToyEmbedder)
    await pool.ping()
    assert set(threading.enumerate()) - before
    await pool.close()
    assert not {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("embedding")}
