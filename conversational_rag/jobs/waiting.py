"""Waiting: who wants to know how a job ends, and is told."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from conversational_rag.errors import ServiceError


class Waiting:
    """Futures by job id; none outlives the one who waits for it."""

    def __init__(self) -> None:
        self._futures: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._closed: ServiceError | None = None

    def __len__(self) -> int:
        return sum(map(len, self._futures.values()))

    @contextmanager
    def for_end_of(self, job_id: str) -> Iterator[asyncio.Future[None]]:
        """A future that is told the end of the job, for as long as the block runs."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._closed is not None:
            told.set_exception(self._closed)
        self._futures[job_id].add(told)
        try:
            yield told
        finally:
            self._forget(job_id, told)

    def tell(self, job_id: str, error: ServiceError | None = None) -> None:
        """The job has ended, or failed with this error."""
        for told in self._futures.get(job_id, ()):
            if told.done():
                continue
            if error is None:
                told.set_result(None)
            else:
                told.set_exception(error)

    def close(self, error: ServiceError) -> None:
        """Nothing ends any more: tell so everybody who waits, and who comes later."""
        self._closed = error
        for job_id in self._futures:
            self.tell(job_id, error)

    def _forget(self, job_id: str, told: asyncio.Future[None]) -> None:
        self._futures[job_id].discard(told)
        if not self._futures[job_id]:
            del self._futures[job_id]
        if told.done() and not told.cancelled():
            told.exception()  # seen: one who goes away asks no more
        told.cancel()
