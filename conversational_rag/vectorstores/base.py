"""What every vector store does: hold one collection of vectors a client, and find the nearest."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from conversational_rag.errors import IndexUnavailable
from conversational_rag.security.tenants import Tenant

Vectors = NDArray[np.float32]


class Hit(NamedTuple):
    """One neighbour: the chunk's id and its cosine similarity to the query (-1 to 1, higher is nearer).

    A tuple, because each search gives a hundred, and a dataclass takes four times as long to make.
    """

    chunk_id: int
    similarity: float


class CollectionBroken(IndexUnavailable):
    """This client's vector index is damaged or incomplete; it is rebuilt by itself, try again in a moment."""

    # The other clients are well. The remedy is `drop`, `ensure` and `add` of what SQL holds.


class IndexUnreadable(IndexUnavailable):
    """The whole vector index is damaged; stop the server and run `python -m conversational_rag reindex`,
    which starts a new one in VECTOR_STORE_PATH from the stored text and vectors."""


class IndexInUse(IndexUnavailable):
    """Another process uses the vector index; stop it first, or set VECTOR_STORE_PATH to another folder."""


class VectorStore(Protocol):
    """An index over vectors whose truth stands in SQL. It may be lost and rebuilt at any time.

    Every method raises IndexUnavailable when the store does not answer: CollectionBroken when only this client's
    collection is to blame, IndexUnreadable when all are lost, IndexInUse when another process has them;
    and StorageFull when a write finds no room.
    """

    @property
    def restarts(self) -> int:
        """How often the store had to be started again since it was opened."""

    async def ensure(self, tenant: Tenant, fingerprint: str) -> None:
        """Make the client's collection when it is not there; remember which embedding model fills it."""

    async def fingerprint(self, tenant: Tenant) -> str | None:
        """The embedding model that filled the collection, None when there is no collection."""

    async def add(
        self, tenant: Tenant, ids: Sequence[int], vectors: Vectors, metadata: Sequence[Mapping[str, str | int]]
    ) -> None:
        """Add new ids; one that is there already is left as it is. `vectors`: (len(ids), dimensions), unit length.

        A collection that is not there is CollectionBroken. An add that fails or is cancelled may have happened in part.
        """

    async def remove(self, tenant: Tenant, ids: Sequence[int]) -> None:
        """Forget these ids; unknown ones are ignored."""

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        """The k nearest by cosine, best first, ties by id; `vector` has shape (dimensions,). No collection: none."""

    async def count(self, tenant: Tenant) -> int:
        """How many vectors the collection holds; 0 when there is none."""

    async def ids(self, tenant: Tenant) -> set[int]:
        """All ids that the collection holds; none when there is none."""

    async def tenants(self) -> set[Tenant]:
        """Whose collections there are. Slow where there are thousands."""

    async def drop(self, tenant: Tenant) -> int:
        """Delete the collection and its files on disk; how many vectors went. Not there, or not countable: 0."""

    async def sweep(self) -> list[str]:
        """Delete what belongs to no collection; the names of what went, also right at the opening."""

    async def compact(self) -> None:
        """Give the disk back what deleted vectors took. No other call may be under way. Raises IndexUnavailable."""

    async def size_bytes(self) -> int:
        """What the store takes on disk."""

    async def ping(self) -> None:
        """Raise IndexUnavailable when the store does not answer."""

    async def reset(self) -> None:
        """Throw everything away and start afresh, empty: the way out of IndexUnreadable."""

    async def close(self) -> None:
        """Finish the running write and stop."""
