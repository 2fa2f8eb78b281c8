"""Chroma, in a process of its own that owns the directory. The only file that knows Chroma.

`python -m conversational_rag.vectorstores.chroma_process PATH --open-collections N` serves the parent's calls. Chroma
is kept apart because its writes stop every other thread, and because an index that a crash has damaged can take the
process down with it.

Chroma's core is called without the Python around it, which takes 30 MB and half a second to load and looks the
collection up anew for each call: docs/decisions/0013. Nor is numpy loaded (8 MB and 0.1 s): the core reads
any sequence.
"""

import argparse
import contextlib
import json
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conversational_rag.concurrency.serving import Handler, serve
from conversational_rag.vectorstores import chroma_directory, file_limits, hnsw_files
from conversational_rag.vectorstores.hnsw_files import Indexes

if TYPE_CHECKING:
    from chromadb_rust_bindings import Bindings

# An index evicted while vectors are not yet on disk is lost until the next start: only a threshold of 1 is safe.
# Looking at 1,600 candidates instead of Chroma's 100 costs 3 ms and finds 99.8 instead of 91 % of the ten nearest of
# 100,000 vectors that are as uneven as those of texts (400: 98.8 %). In a small collection it costs nothing.
HNSW: Mapping[str, str | int] = {"space": "cosine", "sync_threshold": 1, "batch_size": 1, "ef_search": 1600}
FINGERPRINT = "embedding_fingerprint"

_SCHEMA_SECONDS = 50
# What Chroma's own client uses when it is asked for nothing else: the directory stays one that it can open.
_WHERE = ("default_tenant", "default_database")


class IndexIncomplete(Exception):
    """The collection's index on disk lacks a file or a part, or finds nothing of what the collection holds."""


@dataclass(frozen=True, slots=True)
class _Collection:
    """A collection as Chroma knows it; without a `fingerprint` another program made it."""

    id: str
    fingerprint: str | None


class ChromaIndex:
    """Chroma's core, and what it does not tell: where on disk each collection's index lies."""

    def __init__(self, chroma: "Bindings", path: Path, indexes: Indexes) -> None:
        """`indexes` is what stood in `path` before Chroma was opened; it is kept up to date from here on."""
        self._chroma, self._path, self._indexes = chroma, path, indexes
        # Nobody else writes to the directory: what is there is known.
        self._known = {each.name: _collection(each) for each in chroma.list_collections(None, 0, *_WHERE)}

    def handlers(self) -> dict[str, Handler]:
        """The calls the parent may make."""
        calls = (self.ensure, self.fingerprint, self.add, self.remove, self.search, self.count, self.ids, self.drop)
        whole = (self.collections, self.sweep, self.ping)
        return {call.__name__: call for call in (*calls, *whole)}

    def ensure(self, _payload: bytes, collection: str, fingerprint: str) -> tuple[None, bytes]:
        """Make the collection; one of that name that another program made is replaced."""
        if self._find(collection) is None:
            self.drop(b"", collection)
            configuration, metadata = json.dumps({"hnsw": HNSW}), {FINGERPRINT: fingerprint}
            made = self._chroma.create_collection(collection, configuration, None, metadata, False, *_WHERE)
            self._known[collection] = _collection(made)
        return None, b""

    def fingerprint(self, _payload: bytes, collection: str) -> tuple[str | None, bytes]:
        """The fingerprint given to `ensure`."""
        found = self._find(collection)
        return found.fingerprint if found else None, b""

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
        vectors = _vectors(payload, len(ids))
        entries = [dict(entry) or None for entry in metadata]
        with self._learning_directory(found):
            self._chroma.add([str(identity) for identity in ids], found.id, vectors, entries, None, None, *_WHERE)
        self._whole(found)
        return None, b""

    def remove(self, _payload: bytes, collection: str, ids: Sequence[int]) -> tuple[None, bytes]:
        """Forget these ids."""
        found = self._find(collection)
        if found is not None and ids:
            gone = [str(identity) for identity in ids]
            self._chroma.delete(self._whole(found).id, gone, None, None, None, *_WHERE)
        return None, b""

    def search(self, payload: bytes, collection: str, k: int) -> tuple[int, bytes]:
        """How many are the nearest, at most k: their ids (64-bit integers), and then their cosine distances (64-bit
        floats). The payload is one float32 vector."""
        found = self._find(collection)
        if found is None:
            return 0, b""
        vectors = _vectors(payload, 1)
        answer = self._chroma.query(self._whole(found).id, None, vectors, k, None, None, ["distances"], *_WHERE)
        ids, distances = answer.ids[0], (answer.distances or [[]])[0]
        # What fell out of the graph is counted, and not found: fewer hits than there must be show it. Counting takes
        # longer than searching, so only where there may be too few.
        if len(ids) < k and len(ids) < (count := self._count(found)):
            raise IndexIncomplete(f"{len(ids)} found of {min(k, count)} that there must be")
        return len(ids), array("q", map(int, ids)).tobytes() + array("d", distances).tobytes()

    def count(self, _payload: bytes, collection: str) -> tuple[int, bytes]:
        """How many vectors there are."""
        found = self._find(collection)
        return self._count(self._whole(found)) if found else 0, b""

    def ids(self, _payload: bytes, collection: str, limit: int, offset: int) -> tuple[list[int], bytes]:
        """Some of the ids, in Chroma's order."""
        found = self._find(collection)
        if found is None:
            return [], b""
        answer = self._chroma.get(self._whole(found).id, None, None, limit, offset, None, [], *_WHERE)
        return [int(identity) for identity in answer.ids], b""

    def collections(self, _payload: bytes) -> tuple[list[str], bytes]:
        """The names of all collections."""
        return [found.name for found in self._chroma.list_collections(None, 0, *_WHERE)], b""

    def drop(self, _payload: bytes, collection: str) -> tuple[None, bytes]:
        """Delete the collection and its files. Does not read the index: a damaged one must go as well."""
        found = self._known.get(collection)
        if found is not None:
            self._chroma.delete_collection(collection, *_WHERE)
            del self._known[collection]
            self._indexes.written.discard(found.id)
            name = self._indexes.names.pop(found.id, None)
            if name is not None:
                hnsw_files.remove(self._path, [name])
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
        self._chroma.list_collections(1, 0, *_WHERE)
        return None, b""

    def _find(self, name: str) -> _Collection | None:
        """The collection, when it is one of ours."""
        found = self._known.get(name)
        return found if found is not None and found.fingerprint else None

    def _count(self, found: _Collection) -> int:
        return int(self._chroma.count(found.id, *_WHERE))

    def _whole(self, found: _Collection) -> _Collection:
        """The collection, when its index on disk holds what was written."""
        if found.id in self._indexes.written:
            missing = hnsw_files.missing_from(self._path / self._indexes.names[found.id])
            if missing is not None:
                raise IndexIncomplete(missing)
        return found

    @contextlib.contextmanager
    def _learning_directory(self, found: _Collection) -> Iterator[None]:
        """The first add makes the collection's directory, under a name that only Chroma's database knows."""
        if found.id in self._indexes.written:
            yield
            return
        before = hnsw_files.names(self._path)
        try:
            yield
        finally:
            for name in filter(hnsw_files.is_index, hnsw_files.names(self._path) - before):
                self._indexes.names[found.id] = name
        if found.id in self._indexes.names:
            self._indexes.written.add(found.id)


def main() -> None:
    """Serve, or with --create-schema make the tables of an empty directory and end."""
    parser = argparse.ArgumentParser(prog="python -m conversational_rag.vectorstores.chroma_process")
    parser.add_argument("path", type=Path)
    parser.add_argument("--open-collections", type=int, default=file_limits.FEWEST_OPEN)
    parser.add_argument("--lock-seconds", type=float, default=20.0)
    parser.add_argument("--create-schema", action="store_true")
    options = parser.parse_args()
    if options.create_schema:
        _open(options.path, open_collections=1)
    else:
        serve(partial(_prepare, options.path, options.open_collections, options.lock_seconds))


def _prepare(path: Path, open_collections: int, lock_seconds: float) -> dict[str, Handler]:
    lock = chroma_directory.lock(path, lock_seconds)  # held until this process ends
    file_limits.bound_size()
    indexes = chroma_directory.prepare(path, partial(_create_schema, path, lock))
    return ChromaIndex(_open(path, file_limits.make_room(open_collections)), path, indexes).handlers()


def _create_schema(path: Path, lock: int) -> None:
    """In a process of its own, which inherits the lock: should this one be killed, the next waits for both."""
    import subprocess  # once in the life of a directory

    command = (sys.executable, "-m", "conversational_rag.vectorstores.chroma_process", str(path), "--create-schema")
    subprocess.run(command, check=True, pass_fds=(lock,), timeout=_SCHEMA_SECONDS)  # noqa: S603 our own module


def _open(path: Path, open_collections: int) -> "Bindings":
    from chromadb_rust_bindings import Bindings, MigrationHash, MigrationMode, SqliteDBConfig

    database = SqliteDBConfig(
        url=str(path / "chroma.sqlite3"), hash_type=MigrationHash.MD5, migration_mode=MigrationMode.Apply
    )
    return Bindings(
        allow_reset=False, sqlite_db_config=database, persist_path=str(path), hnsw_cache_size=open_collections
    )


def _vectors(payload: bytes, count: int) -> "list[memoryview[float]]":
    """The rows of a float32 matrix, shape (count, dimensions)."""
    numbers = memoryview(payload).cast("f")
    width = len(numbers) // max(1, count)
    return [numbers[row * width : (row + 1) * width] for row in range(count)]


def _collection(found: Any) -> _Collection:
    fingerprint = (found.metadata or {}).get(FINGERPRINT)
    return _Collection(str(found.id), str(fingerprint) if fingerprint else None)


if __name__ == "__main__":
    main()
