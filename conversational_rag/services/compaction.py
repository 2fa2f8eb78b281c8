"""Compaction: the stores of an instance that does not run give the disk back what deleted rows took."""

import asyncio
from dataclasses import dataclass

from conversational_rag.db import database_file
from conversational_rag.db.engine import Database
from conversational_rag.vectorstores.base import VectorStore


@dataclass(frozen=True, slots=True)
class Space:
    """What a store took on disk, in bytes, and takes now."""

    store: str
    before: int
    after: int


async def compact_stores(database: Database, store: VectorStore) -> tuple[Space, Space]:
    """Rewrite both. Needs free room of the database's size for a while. Raises StorageFull, IndexUnavailable."""
    rows = database.size_bytes()
    await asyncio.to_thread(database_file.compact, database.path)
    vectors = await store.size_bytes()
    await store.sweep()
    await store.compact()
    return Space("database", rows, database.size_bytes()), Space("vector index", vectors, await store.size_bytes())
