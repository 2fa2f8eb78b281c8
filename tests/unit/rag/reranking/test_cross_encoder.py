"""A cross-encoder is a folder as it is published; it scores pairs, beside the event loop, and says what is wrong."""

import asyncio
import json
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_cross_encoder import save_cross_encoder

from conversational_rag.embedding.onnx import SHIPPED_FOLDER
from conversational_rag.errors import ConfigurationError
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.reranking.base import Wanted
from conversational_rag.rag.reranking.cross_encoder import CrossEncoderReranker, asked, load_cross_encoder

WEIGHTS = {"ferry": 2.0, "slow": -1.0}


def passage(text: str, filename: str = "a.txt", number: int = 1) -> Passage:
    return Passage(number, "doc", filename, number, 1, 0, text, 0.5)


def score(folder: Path, question: str, text: str) -> NDArray[np.float32]:
    return load_cross_encoder(folder).run(question, text)


def test_a_pair_is_read_as_two_texts(tmp_path: Path) -> None:
    folder = save_cross_encoder(tmp_path / "tiny", WEIGHTS)
    assert score(folder, "a slow ferry", "a ferry, the ferry") == [4.0]
    assert score(folder, "a ferry, the ferry", "a slow ferry") == [4.0]
    assert score(folder, "a slow ferry", "slow") == [-1.0]
    assert score(folder, "a slow ferry and a ferry", "the harbour") == [0.0]


@pytest.mark.parametrize("graph", ["model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx"])
def test_the_graph_is_found_where_it_is_published(graph: str, tmp_path: Path) -> None:
    assert score(save_cross_encoder(tmp_path / "tiny", WEIGHTS, graph=graph), "ferry", "ferry") == [2.0]


@pytest.mark.parametrize("labels", [1, 2])
async def test_one_score_or_one_against_and_one_for_it_become_a_likelihood(labels: int, tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(save_cross_encoder(tmp_path / "tiny", WEIGHTS, labels=labels), 1)
    await reranker.start()
    (found,) = (await reranker.rerank(Wanted("ferry"), [passage("the ferry")])).passages
    assert found.score == pytest.approx(1 / (1 + math.exp(-2.0)))
    await reranker.close()


def test_the_passage_keeps_its_tokens_beyond_what_the_tokenizers_file_would_cut(tmp_path: Path) -> None:
    folder = save_cross_encoder(tmp_path / "tiny", WEIGHTS, config={"max_position_embeddings": 30})
    assert score(folder, "a ferry", "the boat " * 9 + "ferry") == [2.0]
    assert score(folder, "a ferry", "the boat " * 15 + "ferry") == [0.0]


def test_no_pair_is_longer_than_512_tokens(tmp_path: Path) -> None:
    folder = save_cross_encoder(tmp_path / "tiny", WEIGHTS, config={"max_position_embeddings": 8194})
    assert score(folder, "a ferry", "boat " * 500 + "ferry") == [2.0]
    assert score(folder, "a ferry", "boat " * 510 + "ferry") == [0.0]


async def test_the_files_name_is_read_with_the_passage(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(save_cross_encoder(tmp_path / "tiny", WEIGHTS), 1)
    await reranker.start()
    found = [passage("It leaves at nine."), passage("It leaves at nine.", "the slow ferry.pdf", 2)]
    assert (await reranker.rerank(Wanted("When leaves the ferry?"), found)).passages[0].chunk_id == 2
    await reranker.close()


def test_a_follow_up_is_read_behind_the_question_before_it_and_both_are_cut() -> None:
    assert asked(Wanted("How long?")) == "How long?"
    assert asked(Wanted("How long?", "What is the Mole?")) == "What is the Mole? How long?"
    assert len(asked(Wanted("long " * 999, "before " * 999))) == 801


async def test_it_never_runs_on_the_event_loop_nor_in_more_threads_than_allowed(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(save_cross_encoder(tmp_path / "tiny", WEIGHTS), 2)
    await reranker.start()
    watched = _Watched(reranker._graph.run)  # type: ignore[union-attr]
    reranker._graph.run = watched  # type: ignore[union-attr, method-assign]
    found = [passage("ferry", number=number) for number in range(20)]
    await asyncio.gather(*(reranker.rerank(Wanted("ferry"), found) for _ in range(5)))
    assert watched.most_at_once <= 2
    assert threading.current_thread().name not in watched.threads
    assert all(name.startswith("reranking") for name in watched.threads)
    await reranker.close()


class _Watched:
    """Notes who calls, and how many do so at once."""

    def __init__(self, run: Callable[..., NDArray[np.float32]]) -> None:
        self._run, self._lock, self._running = run, threading.Lock(), 0
        self.most_at_once, self.threads = 0, set[str]()

    def __call__(self, *texts: str) -> NDArray[np.float32]:
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
            self.threads.add(threading.current_thread().name)
        try:
            return self._run(*texts)
        finally:
            with self._lock:
                self._running -= 1


async def test_whoever_leaves_takes_what_has_not_begun_with_him(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(save_cross_encoder(tmp_path / "tiny", WEIGHTS), 1)
    await reranker.start()
    begun, go_on, calls = threading.Event(), threading.Event(), list[str]()

    def wait(question: str, text: str) -> NDArray[np.float32]:
        calls.append(text)
        begun.set()
        go_on.wait(10)
        return np.array([1.0], np.float32)

    reranker._graph.run = wait  # type: ignore[union-attr, method-assign, assignment]
    turn = asyncio.create_task(reranker.rerank(Wanted("ferry"), [passage("ferry", number=n) for n in range(20)]))
    await asyncio.to_thread(begun.wait, 10)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    go_on.set()
    await reranker.close()
    assert len(calls) == 1


def test_the_folder_is_named_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"RERANKER_MODEL: .*nowhere.* is no folder with a model\.onnx"):
        load_cross_encoder(tmp_path / "nowhere")


def test_a_model_for_embedding_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"RERANKER_MODEL: .* is no cross-encoder: .* 384 numbers"):
        load_cross_encoder(SHIPPED_FOLDER)


def _without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def _broken_graph(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])


def _broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def _with_a_dense_layer(folder: Path) -> None:
    (folder / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.base.modules.Dense"}]))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_without_tokenizer, "has no tokenizer.json"),
        (_broken_tokenizer, "tokenizer.json is broken"),
        (_broken_graph, "the model tiny is broken"),
        (_broken_config, "config.json of the model cannot be read"),
        (_with_a_dense_layer, "the module Dense, which its ONNX file lacks"),
    ],
)
def test_a_broken_folder_is_a_configuration_error(damage: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    folder = save_cross_encoder(tmp_path / "tiny", WEIGHTS)
    damage(folder)
    with pytest.raises(ConfigurationError, match=f"^RERANKER_MODEL: .*{message}"):
        load_cross_encoder(folder)


def test_three_labels_are_not_understood(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gives 3 numbers"):
        load_cross_encoder(save_cross_encoder(tmp_path / "tiny", WEIGHTS, labels=3))


async def test_what_is_no_number_goes_last(tmp_path: Path) -> None:
    folder = save_cross_encoder(tmp_path / "tiny", {"ferry": 2.0, "void": math.inf})
    reranker = CrossEncoderReranker(folder, 1)
    await reranker.start()
    found = [passage("void"), passage("ferry", number=2)]
    reranked = await reranker.rerank(Wanted("ferry"), found)
    assert [(each.chunk_id, each.score) for each in reranked.passages][1] == (1, 0.0)
    assert replace(reranked.passages[0], score=0.5) == found[1]
    await reranker.close()
