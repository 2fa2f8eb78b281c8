"""What every embedder does: turn texts into unit vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """A loaded embedding model. Its methods block; the pool runs them off the event loop."""

    @property
    def fingerprint(self) -> str:
        """Names the model and its exact weights; vectors of different fingerprints must not meet."""

    @property
    def dimensions(self) -> int:
        """Length of one vector."""

    @property
    def batch_size(self) -> int:
        """How many texts one call of `embed` takes at its best speed."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimensions), float32, in the order of the texts."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same of questions, which some models want to be told apart."""
