"""The reranker that reads the question and a passage together: a cross-encoder as an ONNX file, on the CPU."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np
import structlog
from numpy.typing import NDArray

from conversational_rag.embedding.graph import Graph
from conversational_rag.embedding.model_folder import read_cross_encoder
from conversational_rag.errors import ConfigurationError, ServiceError
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.reranking.base import Reranking, Wanted

_SETTING = "RERANKER_MODEL"
# A passage of the usual size and its question are some 300 tokens; time grows with them, also of models that take 8192.
_MOST_TOKENS = 512
_log = structlog.get_logger()


class CrossEncoderReranker:
    """Implements `Reranker`. Each passage is one piece of work for a pool of `threads`, so turns share it fairly."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reranking")
        self._graph: Graph | None = None

    async def start(self) -> None:
        """See `Reranker`: the folder is missing, or what is in it broken, or no cross-encoder."""
        self._graph = await asyncio.get_running_loop().run_in_executor(self._pool, load_cross_encoder, self._folder)

    async def rerank(self, wanted: Wanted, passages: Sequence[Passage]) -> Reranking:
        """See `Reranker`. The scores are what the model holds for likely that a passage answers."""
        try:
            scores = await self._scores(asked(wanted), passages)
        except ServiceError as error:
            _log.warning("reranking_failed", reason=str(error))
            return Reranking(tuple(passages))
        scored = [replace(passage, score=score) for passage, score in zip(passages, scores, strict=True)]
        return Reranking(tuple(sorted(scored, key=lambda passage: -passage.score)))

    async def close(self) -> None:
        """See `Reranker`; what is still waiting is given up."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def _scores(self, question: str, passages: Sequence[Passage]) -> list[float]:
        if self._graph is None:
            raise RuntimeError("the reranker is not loaded; await start() first")
        run, loop = self._graph.run, asyncio.get_running_loop()
        found = [loop.run_in_executor(self._pool, run, question, _with_name(passage)) for passage in passages]
        # Whoever leaves takes what has not begun with him.
        return [_likelihood(numbers) for numbers in await asyncio.gather(*found)]


def load_cross_encoder(folder: Path) -> Graph:
    """Load it and try it on a pair of texts; blocks. Raises ConfigurationError, naming RERANKER_MODEL."""
    model = read_cross_encoder(folder, _SETTING)
    graph = Graph(replace(model, max_tokens=min(model.max_tokens or _MOST_TOKENS, _MOST_TOKENS)))
    count = graph.run("a question", "a passage", loading=True).size
    if count not in (1, 2):
        raise ConfigurationError(
            f"{_SETTING}: the ONNX file of {model.name} is no cross-encoder: for a pair of texts it gives {count} "
            "numbers, not one score, or two of which the second speaks for the passage"
        )
    return graph


def asked(wanted: Wanted) -> str:
    """What a passage is compared with: the question behind the one before it, which a follow-up cannot do without."""
    short = wanted.shortened()
    return f"{short.before} {short.question}".lstrip()


def _with_name(passage: Passage) -> str:
    """Pages of look-alike files are told apart by the files' names."""
    return f"{PurePath(passage.filename).stem}\n{passage.text}"


def _likelihood(numbers: NDArray[np.float32]) -> float:
    """0 to 1 of one score, or of those against and for the passage; 0 of what is no number."""
    margin = float(numbers.flat[-1] - (numbers.flat[0] if numbers.size == 2 else 0.0))
    return 1 / (1 + float(np.exp(-np.clip(margin, -60, 60)))) if np.isfinite(margin) else 0.0
