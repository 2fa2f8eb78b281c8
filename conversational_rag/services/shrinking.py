"""Shrinking: while the service runs, the disk gets back what deleted rows took, part by part."""

import asyncio

from conversational_rag.db import space
from conversational_rag.db.engine import Database

# About 10 ms each: so long others may wait for the writer, and five times as long it is theirs.
_PART_PAGES = 256
_REST_SECONDS = 0.05
# Less is left for the next rows: the words of an upload alone free and take some pages all the time.
_LEAST_BYTES = 64 * 1024


class Shrinking:
    """Makes the database's file smaller when it holds free pages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> int:
        """Give back what is free; how many bytes."""
        at_first = left = await self._database.read(space.free_bytes)
        if at_first < _LEAST_BYTES:
            return 0
        before = left + 1
        # It ends where nothing more goes, whether nothing is left or the file cannot shrink.
        while 0 < left < before:
            await self._database.shrink(_PART_PAGES)
            await asyncio.sleep(_REST_SECONDS)
            before, left = left, await self._database.read(space.free_bytes)
        if left < at_first:
            # The file is cut when the write-ahead log has been taken into it.
            await self._database.compact()
        return max(at_first - left, 0)
