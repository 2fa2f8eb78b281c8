"""The vectors of texts that were embedded lately: a follow-up is read in the light of answers, turn after turn."""

import asyncio
import contextlib
import hashlib
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from conversational_rag.embedding.base import Vectors
from conversational_rag.errors import Unavailable

_QUIET_SECONDS = 2.0
_MOST_EXPECTED = 16
# Four for each of two cores: whoever came first waits 15 ms for the others.
_MOST_TOGETHER = 8


class QueryEmbedder(Protocol):
    """Embeds questions."""

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions)."""


class PatientEmbedder(Protocol):
    """A QueryEmbedder that has time for other texts as well: the embedding pool."""

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions); not `urgent`: nobody waits for them."""


class RecentVectors:
    """A QueryEmbedder that remembers the last `size` texts, by their digest: what was said is not kept here."""

    def __init__(self, embedder: PatientEmbedder, size: int = 1000, quiet_seconds: float = _QUIET_SECONDS) -> None:
        """So many seconds without a question are quiet enough to embed what is expected."""
        self._embedder, self._size, self._quiet_seconds = embedder, size, quiet_seconds
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[dict[bytes, Vectors]]] = {}
        self._next: dict[bytes, str] = {}
        self._turn = asyncio.Lock()
        self._expected: deque[str] = deque(maxlen=_MOST_EXPECTED)
        self._pause: asyncio.TimerHandle | None = None
        self._embedding: asyncio.Task[None] | None = None

    def expect(self, text: str) -> None:
        """Embed a text that a question is likely to need, when nobody has asked for a moment.

        Where question follows question that moment does not come, and each embeds what it needs and nothing else.
        """
        if text and _digest(text) not in self._vectors:
            self._expected.append(text)
            self._wait_for_quiet()

    def begin(self, text: str) -> None:
        """Embed a question that will be searched for as soon as its conversation is known."""
        self._expected.clear()
        self._start([text])

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions); texts that are not known are embedded in one turn."""
        self._expected.clear()
        self._start(texts)
        keys = [_digest(text) for text in texts]
        found = {key: self._vectors[key] for key in keys if key in self._vectors}
        for embedding in {self._under_way[key] for key in keys if key not in found}:
            with contextlib.suppress(Unavailable):
                # Shielded: others may wait for the same text.
                found |= await asyncio.shield(embedding)
        failed = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if failed:  # perhaps for another's text
            found |= await self._embed(failed, urgent=True)
        for key in keys:
            self._remember(key, found[key])
        return np.stack([found[key] for key in keys])

    def _start(self, texts: Sequence[str]) -> None:
        """Embed those that are neither known nor under way: one turn after the other, for all who wait together."""
        unknown = {key: text for text in texts if (key := _digest(text)) not in self._vectors}
        missing = {key: text for key, text in unknown.items() if key not in self._under_way}
        if not missing:
            return
        if 0 < len(self._next) < _MOST_TOGETHER:
            embedding = self._under_way[next(iter(self._next))]
            self._next.update(missing)
        else:
            self._next = missing
            embedding = asyncio.create_task(self._embed_together(missing))
            embedding.add_done_callback(self._end)
        self._under_way.update(dict.fromkeys(missing, embedding))

    async def _embed_together(self, batch: dict[bytes, str]) -> dict[bytes, Vectors]:
        async with self._turn:
            if self._next is batch:
                self._next = {}
            return await self._embed(batch, urgent=True)

    async def _embed(self, missing: dict[bytes, str], *, urgent: bool) -> dict[bytes, Vectors]:
        vectors = await self._embedder.embed_queries(list(missing.values()), urgent=urgent)
        found = dict(zip(missing, vectors, strict=True))
        for key, vector in found.items():
            self._remember(key, vector)
        return found

    def _end(self, embedding: "asyncio.Task[dict[bytes, Vectors]]") -> None:
        self._under_way = {key: task for key, task in self._under_way.items() if task is not embedding}
        if not embedding.cancelled():
            embedding.exception()  # seen: whoever waits for it is told

    def _wait_for_quiet(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        self._pause = asyncio.get_running_loop().call_later(self._quiet_seconds, self._begin)

    def _begin(self) -> None:
        if self._embedding is None or self._embedding.done():
            self._embedding = asyncio.create_task(self._embed_expected())

    async def _embed_expected(self) -> None:
        # When the pool is closed, or the model fails, questions will tell.
        with contextlib.suppress(Unavailable):
            while self._expected:
                text = self._expected.pop()
                if (key := _digest(text)) not in self._vectors:
                    await self._embed({key: text}, urgent=False)

    def _remember(self, key: bytes, vector: Vectors) -> None:
        self._vectors[key] = vector
        self._vectors.move_to_end(key)
        while len(self._vectors) > self._size:
            self._vectors.popitem(last=False)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
