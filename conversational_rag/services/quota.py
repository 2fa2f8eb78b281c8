"""Quota: the ledger is kept in SQL, so that a restart, or a kill, does not forget the day."""

import asyncio

import structlog

from conversational_rag.db import ledger
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.ledger import BucketRow, LessonRow
from conversational_rag.errors import ServiceError
from conversational_rag.llm.lessons import Lessons
from conversational_rag.llm.limits import BucketState, LedgerState

_log = structlog.get_logger()


class Quota:
    """A LedgerStore. One write at a time, of what is the latest then; what comes after that goes with the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._latest: LedgerState | None = None
        self._writing: asyncio.Task[None] | None = None

    async def load(self) -> LedgerState:
        """What was kept. Raises DatabaseUnavailable."""
        buckets, lessons = await self._database.read(ledger.admin_load)
        return LedgerState(
            tuple(BucketState(row.model, row.name, row.limit, row.level, row.updated_at) for row in buckets),
            {row.model: Lessons(row.token_ratio, row.output_tokens, row.returned_share) for row in lessons},
        )

    def save(self, state: LedgerState) -> None:
        """Take note; written soon, without making the caller wait."""
        self._latest = state
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def close(self) -> None:
        """Wait until the last note is written."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._latest is not None:
            try:
                # A call's note goes with its answer: a transaction of its own would keep that waiting.
                written = await self._database.write_along(self._replace)
            except ServiceError as error:
                # The next call tries again, with all of it.
                _log.warning("quota_not_kept", reason=error.detail)
                self._latest = None
                return
            if self._latest is written:
                self._latest = None

    def _replace(self, connection: Connection) -> LedgerState | None:
        """What is the latest now."""
        state = self._latest
        if state is not None:
            buckets = [
                BucketRow(each.model, each.name, each.limit, each.level, each.updated_at) for each in state.buckets
            ]
            lessons = [
                LessonRow(model, learnt.token_ratio, learnt.output_tokens, learnt.returned_share)
                for model, learnt in state.lessons.items()
            ]
            ledger.admin_replace(connection, buckets, lessons)
        return state
