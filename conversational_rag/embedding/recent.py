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


class QueryEmbedder(Protocol):
    """Embeds questions: the embedding pool."""

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions); not `urgent`: nobody waits for them."""


class RecentVectors:
    """A QueryEmbedder that remembers the last `size` texts, by their digest: what was said is not kept here."""

    def __init__(self, embedder: QueryEmbedder, size: int = 1000, quiet_seconds: float = _QUIET_SECONDS) -> None:
        """So many seconds without a question are quiet enough to embed what is expected."""
        self._embedder, self._size, self._quiet_seconds = embedder, size, quiet_seconds
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()
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

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions); texts that are not known are embedded in one turn."""
        if urgent:
            self._expected.clear()
        wanted = {_digest(text): text for text in texts}
        found = {key: self._vectors[key] for key in wanted if key in self._vectors}
        missing = {key: text for key, text in wanted.items() if key not in found}
        if missing:
            vectors = await self._embedder.embed_queries(list(missing.values()), urgent=urgent)
            found.update(zip(missing, vectors, strict=True))
        for key, vector in found.items():
            self._remember(key, vector)
        return np.stack([found[_digest(text)] for text in texts])

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
                await self.embed_queries([self._expected.pop()], urgent=False)

    def _remember(self, key: bytes, vector: Vectors) -> None:
        self._vectors[key] = vector
        self._vectors.move_to_end(key)
        while len(self._vectors) > self._size:
            self._vectors.popitem(last=False)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
