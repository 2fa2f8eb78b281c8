"""Chroma, in a process of its own that owns the directory. The only file that knows chromadb.

`python -m conversational_rag.vectorstores.chroma_process PATH --open-collections N` serves the parent's calls. Chroma
is kept apart because its writes stop every other thread, and because an index that a crash has damaged can take the
process down with it.
"""

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conversational_rag.concurrency.serving import Handler, serve
from conversational_rag.vectorstores import chroma_directory, file_limits, hnsw_files
from conversational_rag.vectorstores.hnsw_files import Indexes

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration

# An index evicted while vectors are not yet on disk is lost until the next start: only a threshold of 1 is safe.
# Looking at 1,600 candidates instead of Chroma's 100 costs 3 ms and finds 99.8 instead of 91 % of the ten nearest of
# 100,000 vectors that are as uneven as those of texts (400: 98.8 %). In a small collection it costs nothing.
HNSW: "CreateHNSWConfiguration" = {"space": "cosine", "sync_threshold": 1, "batch_size": 1, "ef_search": 1600}
FINGERPRINT = "embedding_fingerprint"

_SCHEMA_SECONDS = 50


class IndexIncomplete(Exception):
    """The collection's index on disk lacks a file or a part, or finds nothing of what the collection holds."""


class ChromaIndex:
    """Chroma's client, and what it does not tell: where on disk each collection's index lies."""

    def __init__(self, client: "ClientAPI", path: Path, indexes: Indexes) -> None:
        """`indexes` is what stood in `path` before the client was built; it is kept up to date from here on."""
        self._client, self._path, self._indexes = client, path, indexes

    def handlers(self) -> dict[str, Handler]:
        """The calls the parent may make."""
        calls = (self.ensure, self.fingerprint, self.add, self.remove, self.search, self.count, self.ids, self.drop)
        whole = (self.collections, self.sweep, self.ping)
        return {call.__name__: call for call in (*calls, *whole)}

    def ensure(self, _payload: bytes, collection: str, fingerprint: str) -> tuple[None, bytes]:
        """Make the collection; one of that name that another program made is replaced."""
        if self._find(collection) is None:
            self.drop(b"", collection)
            self._client.create_collection(
                collection,
                configuration={"hnsw": HNSW},
                metadata={FINGERPRINT: fingerprint},
                embedding_function=None,
            )
        return None, b""

    def fingerprint(self, _payload: bytes, collection: str) -> tuple[str | None, bytes]:
        """The fingerprint given to `ensure`."""
        found = self._find(collection)
        return _fingerprint(found) if found else None, b""

    def add(
        self, payload: bytes, collection: str, ids: Sequence[int], metadata: Sequence[Mapping[str, str | int]]
    ) -> tuple[None, bytes]:
        """Add; the payload is the float32 matrix, row by row.

        Never overwrites: Chroma's graph has been seen to fall apart by it (1 collection in 300, read again from disk).
        """
        found = self._find(collection)
        if found is None:
            raise IndexIncomplete("there is no collection")
        self._whole(found)
        vectors: Any = np.frombuffer(payload, np.float32).reshape(len(ids), -1)
        entries: Any = [dict(entry) or None for entry in metadata]
        with self._learning_directory(found):
            found.add(ids=[str(identity) for identity in ids], embeddings=vectors, metadatas=entries)
        self._whole(found)
        return None, b""

    def remove(self, _payload: bytes, collection: str, ids: Sequence[int]) -> tuple[None, bytes]:
        """Forget these ids."""
        found = self._find(collection)
        if found is not None and ids:
            self._whole(found).delete(ids=[str(identity) for identity in ids])
        return None, b""

    def search(self, payload: bytes, collection: str, k: int) -> tuple[list[tuple[int, float]], bytes]:
        """Ids and cosine distances of the k nearest; the payload is one float32 vector."""
        found = self._find(collection)
        if found is None:
            return [], b""
        vector: Any = np.frombuffer(payload, np.float32).reshape(1, -1)
        answer = self._whole(found).query(query_embeddings=vector, n_results=k, include=["distances"])
        ids, distances = answer["ids"][0], (answer["distances"] or [[]])[0]
        # What fell out of the graph is counted, and not found: fewer hits than there must be show it. Counting takes
        # longer than searching, so only where there may be too few.
        if len(ids) < k and len(ids) < (count := found.count()):
            raise IndexIncomplete(f"{len(ids)} found of {min(k, count)} that there must be")
        return [(int(identity), float(distance)) for identity, distance in zip(ids, distances, strict=True)], b""

    def count(self, _payload: bytes, collection: str) -> tuple[int, bytes]:
        """How many vectors there are."""
        found = self._find(collection)
        return self._whole(found).count() if found else 0, b""

    def ids(self, _payload: bytes, collection: str, limit: int, offset: int) -> tuple[list[int], bytes]:
        """Some of the ids, in Chroma's order."""
        found = self._find(collection)
        if found is None:
            return [], b""
        return [
            int(identity) for identity in self._whole(found).get(include=[], limit=limit, offset=offset)["ids"]
        ], b""

    def collections(self, _payload: bytes) -> tuple[list[str], bytes]:
        """The names of all collections."""
        return [found.name for found in self._client.list_collections()], b""

    def drop(self, _payload: bytes, collection: str) -> tuple[None, bytes]:
        """Delete the collection and its files. Does not read the index: a damaged one must go as well."""
        found = self._named(collection)
        if found is not None:
            self._delete(found)
        return None, b""

    def sweep(self, _payload: bytes) -> tuple[list[str], bytes]:
        """Delete indexes of no collection; the names of their directories, with those of the start."""
        nobodys = hnsw_files.directories(self._path) - set(self._indexes.names.values())
        hnsw_files.remove(self._path, nobodys)
        swept = sorted(nobodys | self._indexes.swept)
        self._indexes.swept.clear()
        return swept, b""

    def ping(self, _payload: bytes) -> tuple[None, bytes]:
        """Ask the database something."""
        self._find("ping")
        return None, b""

    def _find(self, name: str) -> "Collection | None":
        """The collection, when it is one of ours: those have a fingerprint."""
        found = self._named(name)
        return found if found and _fingerprint(found) else None

    def _named(self, name: str) -> "Collection | None":
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None

    def _delete(self, found: "Collection") -> None:
        self._client.delete_collection(found.name)
        self._indexes.written.discard(str(found.id))
        name = self._indexes.names.pop(str(found.id), None)
        if name is not None:
            hnsw_files.remove(self._path, [name])

    def _whole(self, found: "Collection") -> "Collection":
        """The collection, when its index on disk holds what was written."""
        identity = str(found.id)
        if identity in self._indexes.written:
            missing = hnsw_files.missing_from(self._path / self._indexes.names[identity])
            if missing is not None:
                raise IndexIncomplete(missing)
        return found

    @contextlib.contextmanager
    def _learning_directory(self, found: "Collection") -> Iterator[None]:
        """The first add makes the collection's directory, under a name that only Chroma's database knows."""
        identity = str(found.id)
        if identity in self._indexes.written:
            yield
            return
        before = hnsw_files.names(self._path)
        try:
            yield
        finally:
            for name in filter(hnsw_files.is_index, hnsw_files.names(self._path) - before):
                self._indexes.names[identity] = name
        if identity in self._indexes.names:
            self._indexes.written.add(identity)


def main() -> None:
    """Serve, or with --create-schema make the tables of an empty directory and end."""
    parser = argparse.ArgumentParser(prog="python -m conversational_rag.vectorstores.chroma_process")
    parser.add_argument("path", type=Path)
    parser.add_argument("--open-collections", type=int, default=file_limits.FEWEST_OPEN)
    parser.add_argument("--lock-seconds", type=float, default=20.0)
    parser.add_argument("--create-schema", action="store_true")
    options = parser.parse_args()
    if options.create_schema:
        _open(options.path)
    else:
        serve(partial(_prepare, options.path, options.open_collections, options.lock_seconds))


def _prepare(path: Path, open_collections: int, lock_seconds: float) -> dict[str, Handler]:
    lock = chroma_directory.lock(path, lock_seconds)  # held until this process ends
    file_limits.bound_size()
    indexes = chroma_directory.prepare(path, partial(_create_schema, path, lock))
    with file_limits.index_cache(open_collections):
        client = _open(path)
    return ChromaIndex(client, path, indexes).handlers()


def _create_schema(path: Path, lock: int) -> None:
    """In a process of its own, which inherits the lock: should this one be killed, the next waits for both."""
    command = (sys.executable, "-m", "conversational_rag.vectorstores.chroma_process", str(path), "--create-schema")
    subprocess.run(command, check=True, pass_fds=(lock,), timeout=_SCHEMA_SECONDS)  # noqa: S603 our own module


def _open(path: Path) -> "ClientAPI":
    from chromadb import PersistentClient
    from chromadb.config import Settings

    return PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))


def _fingerprint(found: "Collection") -> str | None:
    fingerprint = (found.metadata or {}).get(FINGERPRINT)
    return str(fingerprint) if fingerprint else None


if __name__ == "__main__":
    main()
