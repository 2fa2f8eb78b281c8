"""Leases: who holds a job, for how long, and what he writes when he lets go of it."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from conversational_rag.db import jobs
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import Lease
from conversational_rag.errors import ServiceError
from conversational_rag.jobs.pace import Pace

_log = structlog.get_logger()


class Leases:
    """The leases of one worker; `clock` tells Unix seconds, `is_stopped` whether the worker still tries again what it
    could not write."""

    def __init__(
        self, database: Database, pace: Pace, clock: Callable[[], float], is_stopped: Callable[[], bool]
    ) -> None:
        self._database, self._pace, self._clock, self._is_stopped = database, pace, clock, is_stopped
        self._owner = uuid.uuid4().hex

    async def claim(self, running: tuple[str, ...]) -> Lease | None:
        """The next job, beside those that run here; None when there is none. A stop meanwhile gives it back."""
        claim = self._database.write(jobs.claim, self._owner, self._clock(), self._pace.lease_seconds, running)
        claiming = asyncio.ensure_future(claim)
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            lease = await claiming
            if lease is not None:
                await self.give_back(lease)
            raise

    async def keep(self, lease: Lease, work: asyncio.Task[None]) -> None:
        """Hold it for as long as this is not cancelled; who has lost it stops."""
        while True:
            await asyncio.sleep(self._pace.beat_seconds)
            try:
                held = await self._database.write(jobs.extend, lease, self._clock() + self._pace.lease_seconds)
            except ServiceError as error:
                _log.warning("lease_not_extended", job_id=lease.job_id, reason=error.detail)
                continue
            if not held:
                work.cancel()
                return

    async def give_back(self, lease: Lease) -> None:
        """The job was not done: it is as if nobody had taken it."""
        await self._database.write(jobs.give_back, lease, self._clock())

    async def finish(self, lease: Lease) -> bool:
        """The job is done; False when the lease is lost."""
        return await self._note(jobs.finish, lease, self._clock())

    async def put_off(self, lease: Lease, due: float) -> None:
        """The job failed, and is due again then (Unix seconds)."""
        await self._note(jobs.release, lease, due)

    async def _note(self, change: Callable[[Connection, Lease, float], bool], lease: Lease, when: float) -> bool:
        """Write it as soon as that is possible: what filled the disk may be gone long before the lease runs out."""
        is_told = False
        while True:
            try:
                return await self._database.write(change, lease, when)
            except ServiceError as error:
                if self._is_stopped():
                    raise
                if not is_told:
                    _log.error("end_not_written", job_id=lease.job_id, reason=error.detail)
                    is_told = True
                await asyncio.sleep(self._pace.first_pause_seconds)


async def whole(ending: Coroutine[Any, Any, Any]) -> None:
    """Wait for it, also when a stop comes meanwhile, which is heard after it: a write that still waits for its turn
    would never be made."""
    task = asyncio.ensure_future(ending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
