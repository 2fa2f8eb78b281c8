"""Clients: who has documents here, how much, and their end."""

import asyncio
from dataclasses import dataclass

from conversational_rag.db import clients, documents, keyword_index
from conversational_rag.db.clients import ClientRow, Holdings
from conversational_rag.db.documents import Totals
from conversational_rag.db.engine import Connection, Database
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ClientNotFound, EmbeddingModelChanged, IndexUnavailable
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.answer_cache import AnswerCache
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.uploads import UploadFolder


@dataclass(frozen=True, slots=True)
class Stats:
    """One client's collection; `last_modified` in Unix seconds."""

    tenant: Tenant
    totals: Totals
    last_modified: float


@dataclass(frozen=True, slots=True)
class Deletion:
    """What went with a client: rows in SQL, vectors in the index, bytes of its files on the disk."""

    rows: Holdings
    vectors: int
    file_bytes: int


class Clients:
    """What can be asked of, and done to, a client as a whole."""

    def __init__(
        self,
        database: Database,
        index: SearchIndex,
        pool: EmbeddingPool,
        conversations: Conversations,
        cache: AnswerCache,
        folder: UploadFolder,
    ) -> None:
        self._database, self._index, self._pool = database, index, pool
        self._conversations, self._cache, self._folder = conversations, cache, folder

    async def find(self, tenant: Tenant) -> ClientRow | None:
        """The client, None when there is none."""
        return await self._database.read(clients.find, tenant)

    async def require_searchable(self, tenant: Tenant) -> ClientRow:
        """The client. Raises ClientNotFound, and EmbeddingModelChanged when its vectors are another model's."""
        client = await self.find(tenant)
        if client is None:
            raise ClientNotFound
        await self.require_same_model(client)
        return client

    async def require_same_model(self, client: ClientRow) -> None:
        """Raises EmbeddingModelChanged when the client's vectors are another model's than the one in use."""
        await self._pool.start()
        if client.embedding_fingerprint != self._pool.fingerprint:
            raise EmbeddingModelChanged

    async def list_totals(self) -> dict[str, Totals]:
        """Every client's totals by its id."""
        return await self._database.read(documents.admin_totals)

    async def stats(self, tenant: Tenant) -> Stats:
        """One client's totals. Raises ClientNotFound."""
        return await self._database.read(_stats, tenant)

    async def delete(self, tenant: Tenant) -> Deletion:
        """Delete everything of the client, on disk too. Raises ClientNotFound.

        Raises IndexUnavailable when the vector store does not answer: the client is gone for everybody, and what
        is left of it goes with the next upkeep.
        """
        if await self.find(tenant) is None:
            raise ClientNotFound
        await self._database.write(clients.mark_deleting, tenant)
        try:
            return await self._finish(tenant)
        except IndexUnavailable as error:
            raise IndexUnavailable(
                "The client is deleted, but the vector index does not answer; what it holds of the client is "
                "removed as soon as it does.",
                retry_after=30,
            ) from error

    async def delete_if_empty(self, tenant: Tenant) -> None:
        """An upload that left nothing leaves no client either, if it made one."""
        if not (await self._database.read(clients.holdings, tenant)).chunks:
            await self.delete(tenant)

    async def finish_deletions(self) -> None:
        """Complete what a crash or a silent vector store left half deleted."""
        for tenant in await self._database.read(clients.admin_list_deleting):
            await self._finish(tenant)

    async def _finish(self, tenant: Tenant) -> Deletion:
        async with self._index.changing(tenant):
            vectors = await self._index.drop(tenant)
            document_ids = await self._database.read(documents.ids, tenant)
            rows = await self._database.write(clients.delete_rows, tenant)
        freed = await self._folder.discard(document_ids)
        self._conversations.forget_client(tenant)
        self._cache.forget(tenant)
        # Asked for by the person whose text it was: it must not live on in the indexes or the write-ahead log.
        await self._database.write(keyword_index.purge)
        await asyncio.shield(self._database.compact())
        return Deletion(rows, vectors, freed)


def _stats(connection: Connection, tenant: Tenant) -> Stats:
    client = clients.find(connection, tenant)
    if client is None:
        raise ClientNotFound
    return Stats(tenant, documents.totals(connection, tenant), client.last_modified)
