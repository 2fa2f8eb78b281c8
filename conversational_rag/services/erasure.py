"""Erasure: the words of what was deleted leave the keyword index, part by part, so that nobody waits for the writer.

It is asked for in the transaction that deletes (`db/erasures`), so that it also happens after a crash. The same round
puts an index together that uploads have left in many parts.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

from conversational_rag.db import erasures, keyword_index
from conversational_rag.db.engine import Database

# Whoever deletes waits so long at most; many deletions share one round.
_PATIENCE_SECONDS = 1.0
# A round rewrites the whole index: what it takes is a small part of the time, also when deletions do not end.
_REST_FACTOR = 5.0
_LONGEST_REST_SECONDS = 60.0
# Now and then somebody has to look whether uploads have scattered the index; to put it together takes 1 % of the time.
_LOOK_SECONDS = 60.0
_MOST_PARTS = 4
_TIDY_REST_FACTOR = 100.0
# So long a part may keep other writers waiting; what a page takes depends on how much was deleted.
_PART_SECONDS = 0.01
_MOST_PAGES = 32


class Erasure:
    """Does the rounds, one after the other."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds; by it an index that is scattered again at once waits."""
        self._database, self._clock = database, clock
        # Set at the start: a former process may have left something.
        self._asked = asyncio.Event()
        self._asked.set()
        self._waiting: list[asyncio.Future[None]] = []
        self._tidy_again_at = float("-inf")

    async def done_soon(self) -> bool:
        """Wait a moment for what was asked for; whether it is done. It will be, in any case."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._asked.set()
        await asyncio.wait((done,), timeout=_PATIENCE_SECONDS)
        return done.done()

    async def run_next(self) -> None:
        """Wait until something is asked for, or for a minute; do a round, and rest."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), _LOOK_SECONDS)
        self._asked.clear()
        started = time.monotonic()
        try:
            await self._round()
        except BaseException:
            self._asked.set()
            raise
        await asyncio.sleep(min(_REST_FACTOR * (time.monotonic() - started), _LONGEST_REST_SECONDS))

    async def tidy(self) -> None:
        """Make one part of the keyword index, when it lies in many."""
        started = self._clock()
        if started < self._tidy_again_at or await self._database.read(keyword_index.count_parts) <= _MOST_PARTS:
            return
        await self._rewrite()
        ended = self._clock()
        self._tidy_again_at = ended + _TIDY_REST_FACTOR * (ended - started)

    async def _round(self) -> None:
        told, self._waiting = self._waiting, []
        latest = await self._database.read(erasures.admin_latest)
        if latest is not None:
            await self._rewrite()
            # What was deleted must not live on in the write-ahead log either.
            await self._database.compact()
            await self._database.write(erasures.admin_finish, latest)
        for waiting in told:
            if not waiting.done():
                waiting.set_result(None)
        await self.tidy()

    async def _rewrite(self) -> None:
        """Part by part, each as large as it may be."""
        pages, more, anew = _MOST_PAGES, True, True
        while more:
            started = time.monotonic()
            more, anew = await self._database.write(keyword_index.purge_some, pages, anew=anew), False
            took = max(time.monotonic() - started, 1e-6)
            pages = min(max(int(pages * _PART_SECONDS / took), 1), _MOST_PAGES)
