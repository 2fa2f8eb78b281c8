"""Exact search: compare the question with every vector. The fallback, and the measure of every index."""

import numpy as np
from numpy.typing import NDArray

from conversational_rag.vectorstores.base import Hit, Vectors


def search(ids: NDArray[np.int64], matrix: Vectors, vector: Vectors, k: int) -> list[Hit]:
    """The k rows of `matrix` nearest to `vector` by cosine, best first, ties by id.

    `ids` has shape (n,), `matrix` (n, dimensions) and `vector` (dimensions,); all vectors have unit length.
    Raises ValueError when the shapes do not belong together.
    """
    if len(ids) != len(matrix):
        raise ValueError(f"{len(ids)} ids for {len(matrix)} vectors")
    if k < 1 or not len(ids):
        return []
    similarities = matrix @ vector
    candidates = _at_least_kth(similarities, k)
    order = np.lexsort((ids[candidates], -similarities[candidates]))[:k]
    return [Hit(int(ids[row]), float(similarities[row])) for row in candidates[order]]


def _at_least_kth(similarities: Vectors, k: int) -> NDArray[np.intp]:
    """The rows that are as near as the k-th nearest: k of them, more where it has ties."""
    if k >= len(similarities):
        return np.arange(len(similarities))
    kth = np.partition(similarities, -k)[-k]
    return np.flatnonzero(similarities >= kth)
