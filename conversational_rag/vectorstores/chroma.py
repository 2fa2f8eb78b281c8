"""The vector store on Chroma: a collection a client, in a process that owns the directory and is started as needed."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conversational_rag.concurrency.child import ChildFailed, ChildProcess
from conversational_rag.concurrency.frames import Frame
from conversational_rag.errors import IndexUnavailable, StorageFull
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores import chroma_directory, chroma_errors
from conversational_rag.vectorstores.base import CollectionBroken, Hit, IndexInUse, Vectors
from conversational_rag.vectorstores.circuit_breaker import CircuitBreaker, CircuitOpen

_MODULE = "conversational_rag.vectorstores.chroma_process"
_ADD_SLICE = 25  # about 10 ms: as long as a search may have to wait
_REMOVE_SLICE = 500
_PAGE = 5000
_FULL_DISK_BYTES = 8 * 1024 * 1024
_READ_SECONDS = 15.0
_WRITE_SECONDS = 60.0
# glibc gives each thread an arena, and what an evicted index leaves in one is not used by the others: after two rounds
# over 300 clients 64 open indexes took 340 MB, and 200 MB with a single arena.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}


class ChromaStore:
    """Implements `VectorStore`. Reads overtake writes; each slice of a write is a call of its own.

    When the process dies, the client whose call was in flight gets CollectionBroken, and the next call starts another.
    """

    def __init__(
        self,
        path: Path,
        open_collections: int,
        *,
        lock_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`open_collections` indexes are held in memory at once (3 MB and 4 files each): multiples of 64.

        `lock_seconds` is how long a start waits for another process to leave the directory; `clock` is the breaker's.
        """
        self._path, self._lock_seconds = path.resolve(), lock_seconds
        self._arguments = (
            *(str(self._path), "--open-collections", str(open_collections)),
            *("--lock-seconds", str(lock_seconds)),
        )
        self._breaker = CircuitBreaker(clock)
        self._resetting = asyncio.Lock()
        self._closed = False
        self._earlier_starts = 0
        self._child = self._new_child()

    @property
    def restarts(self) -> int:
        """How often the process had to be started again."""
        return max(0, self._earlier_starts + self._child.starts - 1)

    @property
    def pid(self) -> int | None:
        """The process id, None while there is none."""
        return self._child.pid

    async def ensure(self, tenant: Tenant, fingerprint: str) -> None:
        """See `VectorStore`. A collection of that name that another program made is replaced."""
        await self._write(tenant, "ensure", {"fingerprint": fingerprint})

    async def fingerprint(self, tenant: Tenant) -> str | None:
        """See `VectorStore`."""
        found: str | None = await self._read(tenant, "fingerprint")
        return found

    async def add(
        self, tenant: Tenant, ids: Sequence[int], vectors: Vectors, metadata: Sequence[Mapping[str, str | int]]
    ) -> None:
        """See `VectorStore`. Raises ValueError when lengths differ or a number is not finite."""
        _check(ids, vectors, metadata)
        for start in range(0, len(ids), _ADD_SLICE):
            part = slice(start, start + _ADD_SLICE)
            arguments = {"ids": [int(identity) for identity in ids[part]], "metadata": list(map(dict, metadata[part]))}
            await self._write(tenant, "add", arguments, _as_bytes(vectors[part]))

    async def remove(self, tenant: Tenant, ids: Sequence[int]) -> None:
        """See `VectorStore`."""
        for start in range(0, len(ids), _REMOVE_SLICE):
            part = [int(identity) for identity in ids[start : start + _REMOVE_SLICE]]
            await self._write(tenant, "remove", {"ids": part})

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        """See `VectorStore`. Raises ValueError when `vector` is no vector of finite numbers."""
        if vector.ndim != 1 or not np.isfinite(vector).all():
            raise ValueError(f"a search takes one vector of finite numbers, not one of shape {vector.shape}")
        if k < 1:
            return []
        arguments = {"collection": tenant.collection_name, "k": k}
        found = await self._call("search", arguments, _as_bytes(vector), urgent=True, timeout_seconds=_READ_SECONDS)
        return _hits(found.payload, found.header["result"])

    async def count(self, tenant: Tenant) -> int:
        """See `VectorStore`."""
        count: int = await self._read(tenant, "count")
        return count

    async def ids(self, tenant: Tenant) -> set[int]:
        """See `VectorStore`."""
        found, after = set[int](), 0
        while page := await self._read(tenant, "ids", {"limit": _PAGE, "offset": after}):
            found.update(page)
            after += len(page)
        return found

    async def tenants(self) -> set[Tenant]:
        """See `VectorStore`."""
        answer = await self._call("collections", urgent=False, timeout_seconds=_WRITE_SECONDS)
        names: list[str] = answer.header["result"]
        return {tenant for tenant in map(Tenant.of_collection, names) if tenant is not None}

    async def drop(self, tenant: Tenant) -> int:
        """See `VectorStore`. Works on a broken collection, even on one that kills the process that reads it."""
        try:
            count = await self.count(tenant)
        except CollectionBroken:
            count = 0
        await self._write(tenant, "drop")
        return count

    async def sweep(self) -> list[str]:
        """See `VectorStore`."""
        answer = await self._call("sweep", urgent=False, timeout_seconds=_WRITE_SECONDS)
        swept: list[str] = answer.header["result"]
        return swept

    async def compact(self) -> None:
        """See `VectorStore`. The process is ended for it, and started again by the next call."""
        await self._without_process(chroma_directory.compact)

    async def size_bytes(self) -> int:
        """See `VectorStore`."""
        return await asyncio.to_thread(chroma_directory.size_bytes, self._path)

    async def ping(self) -> None:
        """See `VectorStore`."""
        await self._call("ping", urgent=True, timeout_seconds=_READ_SECONDS)

    async def reset(self) -> None:
        """See `VectorStore`. Deletes what Chroma wrote into the directory, and no other file."""
        await self._without_process(chroma_directory.erase)

    async def close(self) -> None:
        """See `VectorStore`."""
        async with self._resetting:
            self._closed = True
            await self._child.stop()

    async def _without_process(self, work: Callable[[Path, float], None]) -> None:
        """Do what only one who owns the directory may do."""
        async with self._resetting:
            if self._closed:
                raise IndexUnavailable
            await self._child.stop()
            try:
                await asyncio.to_thread(work, self._path, self._lock_seconds)
            except chroma_directory.DirectoryInUse as error:
                raise IndexInUse from error
            except sqlite3.Error as error:
                raise chroma_errors.of_database(error) from error
            finally:
                self._earlier_starts += self._child.starts
                self._breaker.reset()
                self._child = self._new_child()

    def _new_child(self) -> ChildProcess:
        return ChildProcess(_MODULE, *self._arguments, before_start=self._breaker.admit, environment=_ENVIRONMENT)

    async def _read(
        self, tenant: Tenant, method: str, arguments: Mapping[str, Any] | None = None, payload: bytes = b""
    ) -> Any:
        arguments = {"collection": tenant.collection_name, **(arguments or {})}
        answer = await self._call(method, arguments, payload, urgent=True, timeout_seconds=_READ_SECONDS)
        return answer.header["result"]

    async def _write(
        self, tenant: Tenant, method: str, arguments: Mapping[str, Any] | None = None, payload: bytes = b""
    ) -> None:
        arguments = {"collection": tenant.collection_name, **(arguments or {})}
        try:
            await self._call(method, arguments, payload, urgent=False, timeout_seconds=_WRITE_SECONDS)
        except CollectionBroken as error:
            if shutil.disk_usage(self._path).free < _FULL_DISK_BYTES:  # Chroma does not say so
                raise StorageFull from error
            raise

    async def _call(
        self,
        method: str,
        arguments: dict[str, Any] | None = None,
        payload: bytes = b"",
        *,
        urgent: bool,
        timeout_seconds: float,
    ) -> Frame:
        try:
            return await self._child.call(method, arguments, payload, urgent=urgent, timeout_seconds=timeout_seconds)
        except (ChildFailed, CircuitOpen) as error:
            if chroma_errors.worth_a_pause(error):
                self._breaker.trip(error)
            raise chroma_errors.translate(error, one_collection=bool(arguments)) from error


def _hits(payload: bytes, count: int) -> list[Hit]:
    """Nearest first, ties by id."""
    if not count:
        return []
    ids, distances = np.frombuffer(payload, np.int64, count), np.frombuffer(payload, np.float64, count, 8 * count)
    order = np.lexsort((ids, distances))
    return list(map(Hit, ids[order].tolist(), (1.0 - distances[order]).tolist()))


def _check(ids: Sequence[int], vectors: Vectors, metadata: Sequence[Mapping[str, str | int]]) -> None:
    if vectors.ndim != 2 or not len(ids) == len(vectors) == len(metadata):
        raise ValueError(f"{len(ids)} ids, vectors of shape {vectors.shape} and {len(metadata)} metadata do not match")
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds a number that is not finite")


def _as_bytes(vectors: Vectors) -> bytes:
    return np.ascontiguousarray(vectors, np.float32).tobytes()
