"""An embedder whose scores can be worked out by hand: each word is one direction."""

import hashlib
from collections.abc import Sequence

import numpy as np

from conversational_rag.embedding.base import Vectors


class ToyEmbedder:
    """Counts lower-cased words, hashed into `dimensions` directions; a text without words has a direction of its own.

    The cosine of "red fox" and "the red fox" is 2 / sqrt(2 * 3).
    """

    def __init__(self, *, fingerprint: str = "toy", dimensions: int = 384, batch_size: int = 8) -> None:
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        self.batch_size = batch_size

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions)."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split() or [""]:
                vectors[row, self._direction(word)] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same: questions are not told apart from passages."""
        return self.embed(texts)

    def _direction(self, word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.dimensions
