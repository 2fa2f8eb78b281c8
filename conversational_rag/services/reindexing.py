"""Reindexing: the stored text is embedded anew, and the vector index made from it."""

from conversational_rag.db import chunks, clients
from conversational_rag.db.chunks import Vectors
from conversational_rag.db.engine import Connection, Database
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ClientNotFound
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores.base import IndexUnreadable

_BATCH = 256


class Reindexing:
    """Takes clients over to the embedding model in use. An interrupted run is simply repeated."""

    def __init__(self, database: Database, index: SearchIndex, pool: EmbeddingPool) -> None:
        self._database, self._index, self._pool = database, index, pool

    async def prepare(self) -> None:
        """Empty a vector store of which nothing can be read. Raises IndexUnavailable."""
        try:
            await self._index.ping()
        except IndexUnreadable:
            await self._index.start_over()

    async def list_clients(self) -> list[Tenant]:
        """Every client."""
        return [client.tenant for client in await self._database.read(clients.admin_list)]

    async def reindex(self, tenant: Tenant) -> int:
        """Embed all text of the client; how many chunks. Raises ClientNotFound, IndexUnavailable."""
        if await self._database.read(clients.find, tenant) is None:
            raise ClientNotFound
        await self._pool.start()
        await self._database.write(_begin, tenant)
        done = await self._embed(tenant)
        await self._database.write(clients.set_fingerprint, tenant, self._pool.fingerprint)
        await self._index.rebuild(tenant)
        return done

    async def _embed(self, tenant: Tenant) -> int:
        done, after = 0, 0
        while texts := await self._database.read(chunks.next_texts, tenant, after, _BATCH):
            matrix = await self._pool.embed_passages([f"{title}\n{text}" for _, title, text in texts])
            ids = chunks.id_array([chunk_id for chunk_id, _, _ in texts])
            await self._database.write(_replace, tenant, Vectors(ids, matrix))
            done, after = done + len(texts), texts[-1][0]
        return done


def _begin(connection: Connection, tenant: Tenant) -> None:
    """Until the last vector is new the client belongs to no model: a run that breaks off leaves nothing mixed."""
    clients.mark_index(connection, tenant, dirty=True)
    clients.set_fingerprint(connection, tenant, clients.BEING_REINDEXED)


def _replace(connection: Connection, tenant: Tenant, vectors: Vectors) -> None:
    chunks.set_vectors(connection, tenant, vectors)
