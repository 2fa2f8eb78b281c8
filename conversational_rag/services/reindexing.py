"""Reindexing: after a change of the embedding model the stored text is embedded anew, while clients go on asking.

A client's chunks get their new vectors in the order of their ids, a batch and the mark of how far it came in one
transaction. The vector index stays the former model's until the last one is stored; see docs/decisions/0007.
"""

import asyncio
from collections import Counter

import structlog

from conversational_rag.db import chunks, clients, reembedding
from conversational_rag.db.chunks import Vectors
from conversational_rag.db.engine import Database
from conversational_rag.db.reembedding import Outdated
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ClientNotFound
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores.base import IndexUnreadable

# A question waits for a slice of the pool, never for a batch; the writer is held for some milliseconds.
_BATCH = 64
_log = structlog.get_logger()


class Reindexing:
    """Takes clients over to the embedding model in use. A run that breaks off goes on where it was."""

    def __init__(self, database: Database, index: SearchIndex, pool: EmbeddingPool) -> None:
        self._database, self._index, self._pool = database, index, pool
        self._work = asyncio.Event()
        self._tries: Counter[Tenant] = Counter()

    async def prepare(self) -> None:
        """Empty a vector store of which nothing can be read. Raises IndexUnavailable."""
        try:
            await self._index.ping()
        except IndexUnreadable:
            await self._index.start_over()

    async def list_clients(self) -> list[Tenant]:
        """Every client."""
        return [client.tenant for client in await self._database.read(clients.admin_list)]

    async def adopt(self, fingerprint: str) -> None:
        """The model of this fingerprint has been loaded; `run_next` takes over the clients of other models.

        Before anything is embedded for storing: chunks that are stored from here on have its vectors.
        """
        await self._database.write(reembedding.admin_begin_all, fingerprint)
        waiting = await self._database.read(reembedding.admin_waiting)
        if waiting:
            _log.info("reindexing", clients=len(waiting), model=fingerprint)
            self._work.set()

    async def run_next(self) -> None:
        """Wait until some client is to be taken over, and take one over."""
        await self._work.wait()
        waiting = await self._database.read(reembedding.admin_waiting)
        if not waiting:
            self._work.clear()
            return
        # One that cannot be embedded must not keep the others waiting.
        outdated = min(waiting, key=lambda each: self._tries[each.tenant])
        tenant = outdated.tenant
        self._tries[tenant] += 1
        passages = await self._embed(outdated)
        _log.info("reindexed", client_id=tenant.client_id, passages=passages, clients_left=len(waiting) - 1)

    async def reindex(self, tenant: Tenant) -> int:
        """Embed all text of the client anew and make its index, whatever model it had; how many chunks.

        Raises ClientNotFound, IndexUnavailable.
        """
        if await self._database.read(clients.find, tenant) is None:
            raise ClientNotFound
        await self._pool.start()
        await self._database.write(reembedding.begin, tenant, self._pool.fingerprint)
        outdated = await self._database.read(reembedding.find, tenant)
        done = 0 if outdated is None else await self._embed(outdated)
        await self._index.rebuild(tenant)
        return done

    async def remaining(self) -> tuple[int, int]:
        """How many clients wait, and how many chunks of theirs have no new vector yet."""
        return await self._database.read(reembedding.admin_remaining)

    async def _embed(self, outdated: Outdated) -> int:
        tenant, done = outdated.tenant, 0
        while texts := await self._next_texts(outdated):
            matrix = await self._pool.embed_passages([f"{title}\n{text}" for _, title, text in texts])
            ids = chunks.id_array([chunk_id for chunk_id, _, _ in texts])
            outdated = await self._database.write(reembedding.advance, outdated, Vectors(ids, matrix))
            done += len(texts)
        # Under the lock a search looks at the vectors in SQL, of which there is one kind now.
        async with self._index.changing(tenant):
            await self._database.write(reembedding.finish, tenant)
            self._index.doubt(tenant, "its vectors are another model's now")
        return done

    async def _next_texts(self, outdated: Outdated) -> list[tuple[int, str, str]]:
        texts = await self._database.read(chunks.next_texts, outdated.tenant, outdated.after, _BATCH)
        return [text for text in texts if text[0] <= outdated.to]
