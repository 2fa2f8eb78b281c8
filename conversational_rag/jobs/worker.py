"""The worker: claims jobs, does them, keeps the lease while it does, and tries again what failed.

Jobs outlive the process. A stop in good order gives them back; after a crash the next start takes them up.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from conversational_rag.db import jobs
from conversational_rag.db.engine import Database
from conversational_rag.db.jobs import JobRow, Lease
from conversational_rag.errors import (
    BadInput,
    InternalError,
    ReadingGivenUp,
    ServiceError,
    Unavailable,
    UploadCancelled,
)
from conversational_rag.jobs.leases import Leases, whole
from conversational_rag.jobs.pace import Pace
from conversational_rag.jobs.waiting import Waiting
from conversational_rag.security.tenants import Tenant

_SHORTEST_PAUSE_SECONDS = 0.05
_log = structlog.get_logger()


class Task(Protocol):
    """What a job does."""

    async def run(self, lease: Lease) -> None:
        """Do it; begun again after a break, go on. What it raises puts the job off."""

    async def give_up(self, tenant: Tenant, job_id: str, error: BadInput) -> None:
        """It cannot be done: tell its owner, and end the job."""


class Worker:
    """Does up to `slots` jobs at once, of different clients. `tasks` are known by name; `clock` in Unix seconds;
    `is_stopping` tells that the service will stop as soon as nobody waits any more."""

    def __init__(
        self,
        database: Database,
        tasks: Mapping[str, Task],
        *,
        slots: int = 2,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database, self._tasks, self._is_stopping = database, tasks, is_stopping
        self._pace, self._clock = pace or Pace(), clock
        self._leases = Leases(database, self._pace, clock, lambda: self._stopped)
        self._wakes = [asyncio.Event() for _ in range(slots)]
        self._serving: list[asyncio.Task[None]] = []
        self._running: dict[str, asyncio.Task[None]] = {}
        self._waiting = Waiting()
        self._stopped = False

    async def start(self) -> None:
        """Take up what a former process has left, and wait for more."""
        await self._database.write(jobs.admin_release_all, self._clock())
        self._stopped = False
        self._serving = [
            asyncio.create_task(self._serve(wake), name=f"worker-{n}") for n, wake in enumerate(self._wakes)
        ]

    async def stop(self) -> None:
        """Give back what is being done; a later start goes on with it."""
        self._stopped = True
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._waiting.close(_stopping())

    async def finished(self, tenant: Tenant, job_id: str) -> None:
        """Wait for the end of a job. Raises UploadCancelled when it was deleted, and the ServiceError for which it was
        put off: it is tried again nevertheless, and the error's `extensions` tell its job_id and client_id."""
        with self._waiting.for_end_of(job_id) as told:
            self.wake()
            try:
                while True:
                    job = await self._database.read(jobs.find, tenant, job_id)
                    if told.done():
                        told.result()
                    if self._has_ended(job):
                        return
                    # Whoever ends the job tells so; but the job may also vanish, with its client.
                    await asyncio.wait([told], timeout=self._pace.look_seconds)
            except ServiceError as error:
                error.extensions.update(job_id=job_id, client_id=tenant.client_id)
                raise

    def wake(self) -> None:
        """There is a new job."""
        for wake in self._wakes:
            wake.set()

    async def cancel(self, tenant: Tenant, job_id: str) -> None:
        """End the job where it is: the files that are not stored yet never will be. One that has ended stays so."""
        job = await self._database.read(jobs.find, tenant, job_id)
        if job is None or job.state == jobs.DONE:
            return
        await self.interrupt(job_id)
        await self._tasks[job.task].give_up(tenant, job_id, UploadCancelled())
        self._waiting.tell(job_id)
        self.wake()

    async def interrupt(self, job_id: str) -> None:
        """Break off the job if it is being done here; ending it is the caller's business."""
        running = self._running.get(job_id)
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _has_ended(self, job: JobRow | None) -> bool:
        if job is None:
            raise UploadCancelled
        wait = job.run_after - self._clock()
        if job.state != jobs.DONE and self._is_stopping():
            raise _stopping()
        if job.state == jobs.QUEUED and job.attempts and wait > 0:
            raise Unavailable(
                "The upload could not be stored yet; it is tried again by itself, and its job tells how it ends.",
                retry_after=wait,
            )
        return job.state == jobs.DONE

    async def _serve(self, wake: asyncio.Event) -> None:
        # What fails while a stop is under way hides the stop.
        while not self._stopped:
            try:
                # Before the look at the jobs: one that comes during it must not be missed.
                wake.clear()
                lease = await self._leases.claim(tuple(self._running))
                if lease is None:
                    await self._pause(wake)
                else:
                    await self._do(lease)
            except Exception as error:  # noqa: BLE001 without this loop no job would ever be done again
                _log.error("worker_failed", reason=repr(error), exc_info=not isinstance(error, ServiceError))
                await asyncio.sleep(self._pace.first_pause_seconds)

    async def _pause(self, wake: asyncio.Event) -> None:
        """Until there may be something to do."""
        now = self._clock()
        due = await self._database.read(jobs.admin_earliest, now, tuple(self._running))
        seconds = self._pace.idle_seconds
        if due is not None:
            seconds = min(max(due - now, _SHORTEST_PAUSE_SECONDS), seconds)
        # Not wait_for: of a stop that comes together with the wake it tells nothing.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()

    async def _do(self, lease: Lease) -> None:
        work = self._running[lease.job_id] = asyncio.create_task(self._tasks[lease.task].run(lease))
        beat = asyncio.create_task(self._leases.keep(lease, work))
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            await self._give_back(lease, work)
            raise
        finally:
            beat.cancel()
            del self._running[lease.job_id]
        await whole(self._end(lease, work))

    async def _give_back(self, lease: Lease, work: asyncio.Task[None]) -> None:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await whole(self._leases.give_back(lease))

    async def _end(self, lease: Lease, work: asyncio.Task[None]) -> None:
        if work.cancelled():
            return  # interrupted, or the lease was lost
        error = work.exception()
        if error is None:
            if await self._leases.finish(lease):
                self._waiting.tell(lease.job_id)
        else:
            await self._put_off(lease, error)
        # The client's next job may have waited for this one.
        self.wake()

    async def _put_off(self, lease: Lease, error: BaseException) -> None:
        known = error if isinstance(error, ServiceError) else InternalError()
        trace = None if known is error else error
        _log.error("job_failed", job_id=lease.job_id, attempt=lease.attempt, reason=repr(error), exc_info=trace)
        if lease.attempt < self._pace.most_attempts:
            self._waiting.tell(lease.job_id, _put_off(known))
            due = self._clock() + self._pace.pause_after(lease.attempt)
            await self._leases.put_off(lease, due)
            return
        try:
            await self._tasks[lease.task].give_up(lease.tenant, lease.job_id, _given_up(lease, known))
        except ServiceError as failure:
            # The lease runs out and the job is tried once more; nobody waits for that.
            self._waiting.tell(lease.job_id, _put_off(failure))
            raise
        self._waiting.tell(lease.job_id)


def _stopping() -> ServiceError:
    return Unavailable("The service is stopping; the upload goes on when it is started again.", retry_after=10)


def _put_off(error: ServiceError) -> ServiceError:
    """What somebody is told who waits for a job that failed just now."""
    return type(error)(
        f"{error.title}: the upload is kept and tried again by itself; its job tells how it ends.",
        retry_after=error.retry_after,
    )


def _given_up(lease: Lease, error: ServiceError) -> ReadingGivenUp:
    return ReadingGivenUp(
        f"The file could not be stored in {lease.attempt} attempts. What stopped the last one: {error.title}. "
        "Send it again when that is mended."
    )
