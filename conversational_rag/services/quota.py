"""Quota: the ledger's buckets are kept in SQL, so that a restart, or a kill, does not forget the day."""

import asyncio

import structlog

from conversational_rag.db import ledger
from conversational_rag.db.engine import Database
from conversational_rag.db.ledger import BucketRow
from conversational_rag.errors import ServiceError
from conversational_rag.llm.limits import BucketState

_log = structlog.get_logger()


class Quota:
    """A LedgerStore. One write at a time; what comes meanwhile goes with the next, the latest of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._latest: tuple[BucketState, ...] | None = None
        self._writing: asyncio.Task[None] | None = None

    async def load(self) -> tuple[BucketState, ...]:
        """What was kept. Raises DatabaseUnavailable."""
        rows = await self._database.read(ledger.admin_load)
        return tuple(BucketState(row.model, row.name, row.limit, row.level, row.updated_at) for row in rows)

    def save(self, states: tuple[BucketState, ...]) -> None:
        """Take note; written soon, without making the caller wait."""
        self._latest = states
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def close(self) -> None:
        """Wait until the last note is written."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._latest is not None:
            states, self._latest = self._latest, None
            rows = [BucketRow(state.model, state.name, state.limit, state.level, state.updated_at) for state in states]
            try:
                await self._database.write(ledger.admin_replace, rows)
            except ServiceError as error:
                # The next call tries again, with all of it.
                _log.warning("quota_not_kept", reason=error.detail)
