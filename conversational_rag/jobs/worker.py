"""The worker: claims jobs, does them, keeps the lease while it does, and tries again what failed.

Jobs outlive the process. A stop in good order gives them back; after a crash the next start takes them up.
"""

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Protocol

import structlog

from conversational_rag.db import jobs
from conversational_rag.db.engine import Database
from conversational_rag.db.jobs import Lease
from conversational_rag.errors import BadInput, InternalError, ReadingGivenUp, ServiceError
from conversational_rag.security.tenants import Tenant

_LEASE_SECONDS = 60.0
_BEAT_SECONDS = 15.0
_MOST_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0
_IDLE_SECONDS = 30.0
_log = structlog.get_logger()


class Task(Protocol):
    """What a job does."""

    async def run(self, lease: Lease) -> None:
        """Do it; begun again after a break, go on. A ServiceError puts it off."""

    async def give_up(self, tenant: Tenant, job_id: str, error: BadInput) -> None:
        """It cannot be done: tell its owner, and end the job."""


class Worker:
    """Does up to `slots` jobs at once, of different clients. `tasks` are known by name."""

    def __init__(self, database: Database, tasks: Mapping[str, Task], *, slots: int = 2) -> None:
        self._database, self._tasks, self._slots = database, tasks, slots
        self._owner = uuid.uuid4().hex
        self._wake = asyncio.Event()
        self._serving: list[asyncio.Task[None]] = []
        self._running: dict[str, asyncio.Task[None]] = {}
        self._waiting: defaultdict[str, list[asyncio.Future[None]]] = defaultdict(list)

    async def start(self) -> None:
        """Take up what a former process has left, and wait for more."""
        await self._database.write(jobs.admin_release_all, time.time())
        self._serving = [asyncio.create_task(self._serve(), name=f"worker-{n}") for n in range(self._slots)]

    async def stop(self) -> None:
        """Give back what is being done; a later start goes on with it."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        for job_id in list(self._waiting):
            self._tell(job_id, InternalError("The service is stopping; the upload goes on when it is started again."))

    async def finished(self, tenant: Tenant, job_id: str) -> None:
        """Wait for the end of a job. Raises the ServiceError for which it was put off; it is still tried again."""
        told = asyncio.get_running_loop().create_future()
        self._waiting[job_id].append(told)
        self._wake.set()
        job = await self._database.read(jobs.find, tenant, job_id)
        if job is None or job.state == jobs.DONE:
            self._tell(job_id)
        await told

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    async def interrupt(self, job_id: str) -> None:
        """Break off the job if it is being done here; ending it is the caller's business."""
        running = self._running.get(job_id)
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        self._tell(job_id)

    async def _serve(self) -> None:
        while True:
            try:
                lease = await self._database.write(jobs.claim, self._owner, time.time(), _LEASE_SECONDS)
                if lease is None:
                    await self._pause()
                else:
                    await self._do(lease)
            except ServiceError as error:
                _log.warning("job_store_unavailable", reason=error.detail)
                await asyncio.sleep(_FIRST_PAUSE_SECONDS)

    async def _pause(self) -> None:
        """Until there may be something to do."""
        self._wake.clear()
        due = await self._database.read(jobs.admin_earliest)
        seconds = _IDLE_SECONDS if due is None else min(max(due - time.time(), 0.05), _IDLE_SECONDS)
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _do(self, lease: Lease) -> None:
        work = self._running[lease.job_id] = asyncio.create_task(self._tasks[lease.task].run(lease))
        beat = asyncio.create_task(self._beat(lease, work))
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            await self._give_back(lease, work)
            raise
        finally:
            beat.cancel()
            del self._running[lease.job_id]
        await self._end(lease, work)

    async def _give_back(self, lease: Lease, work: asyncio.Task[None]) -> None:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await asyncio.shield(self._database.write(jobs.release, lease, time.time(), counted=False))

    async def _end(self, lease: Lease, work: asyncio.Task[None]) -> None:
        if work.cancelled():
            return  # interrupted, or the lease was lost
        error = work.exception()
        if error is None:
            await self._database.write(jobs.finish, lease, time.time())
            self._tell(lease.job_id)
        else:
            await self._put_off(lease, error)
        # The client's next job may have waited for this one.
        self._wake.set()

    async def _put_off(self, lease: Lease, error: BaseException) -> None:
        _log.error("job_failed", job_id=lease.job_id, attempt=lease.attempt, reason=repr(error))
        if lease.attempt >= _MOST_ATTEMPTS:
            await self._tasks[lease.task].give_up(lease.tenant, lease.job_id, ReadingGivenUp())
            self._tell(lease.job_id)
            return
        pause = min(_FIRST_PAUSE_SECONDS * 4 ** (lease.attempt - 1), _LONGEST_PAUSE_SECONDS)
        await self._database.write(jobs.release, lease, time.time() + pause, counted=True)
        self._tell(lease.job_id, error if isinstance(error, ServiceError) else InternalError())

    async def _beat(self, lease: Lease, work: asyncio.Task[None]) -> None:
        """Keep the lease; who has lost it stops."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                held = await self._database.write(jobs.extend, lease, time.time() + _LEASE_SECONDS)
            except ServiceError as error:
                _log.warning("lease_not_extended", job_id=lease.job_id, reason=error.detail)
                continue
            if not held:
                work.cancel()
                return

    def _tell(self, job_id: str, error: ServiceError | None = None) -> None:
        for waiting in self._waiting.pop(job_id, []):
            if waiting.done():
                continue
            if error is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(error)
