"""The embedder behind one door: off the event loop, one slice at a time, questions before documents."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from conversational_rag.concurrency.turnstile import Turnstile
from conversational_rag.embedding.base import Embedder, Vectors
from conversational_rag.errors import Unavailable

# Called on the event loop with the number of passages embedded so far.
Progress = Callable[[int], None]
# Called on the event loop with the fingerprint of the model that was loaded.
OnLoaded = Callable[[str], Awaitable[None]]

# While questions come, passages go in small slices: a question that waits for a whole one waits for a third of a
# second. Nobody asks for so long: nobody waits.
_TALK_SECONDS = 2.0
_SLICE_WHILE_TALKING = 1

_Answer = TypeVar("_Answer")


class EmbeddingPool:
    """Runs an embedder's blocking calls in a thread of its own, for one event loop.

    Bulk work goes in slices of the embedder's batch size, smaller ones while questions are asked, and queues anew for
    each; a question goes in front of what is waiting, so it waits for one slice at most. Every method loads the model
    if it is not loaded yet, and raises what loading or embedding raises, or Unavailable once the pool is closed.
    """

    def __init__(
        self,
        load: Callable[[], Embedder],
        on_loaded: OnLoaded | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`load` is called in the thread; until it has succeeded, each call tries again.

        `on_loaded` is awaited once, before `start` returns and before any passage is embedded.
        """
        self._load, self._on_loaded = load, on_loaded
        self._announcing = asyncio.Lock()
        self._embedder: Embedder | None = None
        self._turnstile = Turnstile()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding-pool")
        self._closed = False
        self._clock, self._asked_at = clock, float("-inf")

    @property
    def ready(self) -> bool:
        """Whether the model is loaded and announced, and the pool open."""
        return self._embedder is not None and self._on_loaded is None and not self._closed

    @property
    def fingerprint(self) -> str:
        """The embedder's, after `start`; RuntimeError before."""
        return self._loaded.fingerprint

    @property
    def dimensions(self) -> int:
        """Length of one vector, after `start`; RuntimeError before."""
        return self._loaded.dimensions

    async def start(self) -> None:
        """Load the model, once."""
        if self._embedder is None:
            await self._in_turn(self._loaded_in_thread, urgent=True)
        if self._on_loaded is not None:
            await self._announce()

    async def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, shape (dimensions,)."""
        vector: Vectors = (await self.embed_queries([text]))[0]
        return vector

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        """The unit vectors of a question's few wordings, shape (len(texts), dimensions), in one turn.

        Not `urgent`: nobody waits for them, and questions go before.
        """
        if urgent:
            self._asked_at = self._clock()
        return await self._in_turn(lambda: self._loaded_in_thread().embed_queries(texts), urgent=urgent)

    async def embed_passages(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """The unit vectors of any number of passages, shape (len(texts), dimensions), in their order."""
        await self.start()
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        # Texts of a like length share a slice; the longest come first, so that memory is at its peak at once.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        done, whole_slice = 0, self._loaded.batch_size
        while done < len(order):
            rows = order[done : done + (_SLICE_WHILE_TALKING if self._is_talking else whole_slice)]
            vectors[rows] = await self._embed_slice([texts[row] for row in rows])
            done += len(rows)
            if on_progress is not None:
                on_progress(done)
        return vectors

    async def ping(self) -> None:
        """Embed one word; raises when that fails."""
        await self.embed_query("ping")

    async def close(self) -> None:
        """Let the running slice finish, then end the thread; what is still waiting gets Unavailable."""
        async with self._turnstile.turn(urgent=True):
            self._closed = True
            self._thread.shutdown()
            self._embedder = None

    @property
    def _loaded(self) -> Embedder:
        if self._embedder is None:
            raise RuntimeError("the embedding model is not loaded; await start() first")
        return self._embedder

    def _loaded_in_thread(self) -> Embedder:
        if self._embedder is None:
            self._embedder = self._load()
        return self._embedder

    async def _announce(self) -> None:
        async with self._announcing:
            if self._on_loaded is not None:
                await self._on_loaded(self.fingerprint)
                self._on_loaded = None

    @property
    def _is_talking(self) -> bool:
        return self._clock() - self._asked_at < _TALK_SECONDS

    async def _embed_slice(self, texts: Sequence[str]) -> Vectors:
        return await self._in_turn(lambda: self._loaded_in_thread().embed(texts), urgent=False)

    async def _in_turn(self, work: Callable[[], _Answer], *, urgent: bool) -> _Answer:
        """Do the work in the thread. A caller that is cancelled meanwhile goes at once; its turn ends with the work."""
        await self._turnstile.enter(urgent=urgent)
        try:
            self._refuse_when_closed()
            running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        except BaseException:
            self._turnstile.leave()
            raise
        running.add_done_callback(self._end_turn)
        await asyncio.wait([running])
        return running.result()

    def _end_turn(self, work: asyncio.Future[_Answer]) -> None:
        self._turnstile.leave()
        if not work.cancelled():
            work.exception()  # seen: nobody asks for it when the caller was cancelled

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Unavailable("The service is stopping; try again in a moment.")
