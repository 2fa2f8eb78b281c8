"""The vectors of texts that were embedded lately: a follow-up is read in the light of answers, turn after turn."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from conversational_rag.embedding.base import Vectors


class QueryEmbedder(Protocol):
    """Embeds questions: the embedding pool."""

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions); not `urgent`: nobody waits for them."""


class RecentVectors:
    """A QueryEmbedder that remembers the last `size` texts, by their digest: what was said is not kept here."""

    def __init__(self, embedder: QueryEmbedder, size: int = 1000) -> None:
        self._embedder, self._size = embedder, size
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions); texts that are not known are embedded in one turn."""
        wanted = {_digest(text): text for text in texts}
        found = {key: self._vectors[key] for key in wanted if key in self._vectors}
        missing = {key: text for key, text in wanted.items() if key not in found}
        if missing:
            vectors = await self._embedder.embed_queries(list(missing.values()), urgent=urgent)
            found.update(zip(missing, vectors, strict=True))
        for key, vector in found.items():
            self._remember(key, vector)
        return np.stack([found[_digest(text)] for text in texts])

    def _remember(self, key: bytes, vector: Vectors) -> None:
        self._vectors[key] = vector
        self._vectors.move_to_end(key)
        while len(self._vectors) > self._size:
            self._vectors.popitem(last=False)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
