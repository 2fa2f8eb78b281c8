"""The vector index of every client, kept in step with the vectors in SQL, which are the truth.

An index that cannot be trusted (its mark was found raised after a crash, it is damaged, it holds another number of
vectors than SQL) is rebuilt in the background; until then an exact scan over SQL answers. No call here fails
because the vector store does.
"""

import asyncio
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from conversational_rag.db import chunks, clients, documents, erasures
from conversational_rag.db.engine import Connection, Database
from conversational_rag.errors import BadInput, IndexUnavailable, NotFound, StorageFull
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores import exact
from conversational_rag.vectorstores.base import CollectionBroken, Hit, IndexUnreadable, Vectors, VectorStore

_REBUILD_BATCH = 500
_log = structlog.get_logger()


class SearchIndex:
    """All changes of one client's index happen inside `changing(tenant)`."""

    def __init__(self, database: Database, store: VectorStore) -> None:
        self._database, self._store = database, store
        self._locks: weakref.WeakValueDictionary[Tenant, asyncio.Lock] = weakref.WeakValueDictionary()
        self._trusted: set[Tenant] = set()
        self._stale: dict[Tenant, None] = {}
        self._lost = False
        self._work = asyncio.Event()

    def changing(self, tenant: Tenant) -> asyncio.Lock:
        """The client's lock: `async with index.changing(tenant): …`. Raise the mark in SQL first."""
        return self._locks.setdefault(tenant, asyncio.Lock())

    @property
    def stale_clients(self) -> int:
        """How many clients wait for their index to be rebuilt."""
        return len(self._stale)

    def is_stale(self, tenant: Tenant) -> bool:
        """Whether the client waits for its index to be rebuilt; its mark must stay up until then."""
        return tenant in self._stale

    def doubt(self, tenant: Tenant, reason: str) -> None:
        """Nobody knows what the client's index holds: it is rebuilt. The mark in SQL must be up already."""
        _log.warning("index_stale", client_id=tenant.client_id, reason=reason)
        self._trusted.discard(tenant)
        self._stale[tenant] = None
        self._work.set()

    @contextmanager
    def doubting(self, tenant: Tenant) -> Iterator[None]:
        """Around a change: one that breaks off leaves the index to be rebuilt, for how far it got is not known."""
        try:
            yield
        except (BadInput, NotFound):
            # SQL has refused the change before it began.
            raise
        except BaseException:
            self.doubt(tenant, "a change of it broke off")
            raise

    async def recover(self) -> None:
        """After a start: finish what a crash left half done, and note which indexes to rebuild."""
        for tenant in await self._database.read(documents.admin_list_unfinished):
            await self._database.write(_finish_documents, tenant)
        for tenant in await self._database.read(clients.admin_list_dirty):
            await self._distrust(tenant, "it was being changed when the service stopped")

    async def add(
        self, tenant: Tenant, document_ids: Sequence[str], ids: Sequence[int], vectors: Vectors, missing: int
    ) -> None:
        """Put vectors whose rows stand in SQL into the index; shape (len(ids), dimensions).

        `document_ids`: of each vector. `missing`: how many rows in SQL the index does not hold yet, these included.
        """
        client = await self._database.read(clients.find, tenant)
        if client is None or client.former_fingerprint is not None:
            return  # the index is the former model's, and made anew when all vectors are
        try:
            # At the first touch after a start this asks the store, which may fail as well.
            if not await self._is_trusted(tenant, expected=-missing):
                return
            await self._store.ensure(tenant, client.embedding_fingerprint)
            await self._store.add(tenant, ids, vectors, [{"document_id": each} for each in document_ids])
        except (IndexUnavailable, StorageFull) as error:
            # The rows stand in SQL: the document can be found, and is indexed when the store can take it.
            await self._suspect(tenant, error)

    async def remove(self, tenant: Tenant, ids: Sequence[int]) -> None:
        """Take vectors out of the index."""
        if not ids or self.is_stale(tenant):
            return
        try:
            await self._store.remove(tenant, ids)
        except (IndexUnavailable, StorageFull) as error:
            await self._suspect(tenant, error)

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        """The k nearest vectors of the client by cosine, best first."""
        # While it changes, it also holds vectors that may not be seen yet, in the place of those that may.
        if self.changing(tenant).locked():
            return await self._scan(tenant, vector, k)
        try:
            if await self._is_trusted(tenant):
                return await self._store.search(tenant, vector, k)
        except CollectionBroken as error:
            await self._distrust(tenant, str(error))
        except IndexUnreadable as error:
            self._lose_all(str(error))
        except IndexUnavailable as error:
            _log.warning("index_unavailable", reason=str(error))
        return await self._scan(tenant, vector, k)

    async def search_former(self, tenant: Tenant, fingerprint: str, vector: Vectors, k: int) -> list[Hit]:
        """The k nearest of the vectors that the model of this fingerprint has left in the index, as far as it is well.

        For a client whose chunks are embedded anew: SQL has no whole set of vectors to compare it with, or to scan.
        """
        try:
            if await self._store.fingerprint(tenant) == fingerprint:
                return await self._store.search(tenant, vector, k)
        except CollectionBroken:
            await self.drop(tenant)
        except IndexUnavailable as error:
            _log.warning("index_unavailable", reason=str(error))
        return []

    async def surplus(self, tenant: Tenant) -> int:
        """How many vectors the client's index holds that SQL does not know; when there are any, it is rebuilt."""
        if self.is_stale(tenant):
            return 0
        try:
            too_many = await self._store.count(tenant) - await self._database.read(chunks.count_indexed, tenant)
        except IndexUnavailable as error:
            await self._suspect(tenant, error)
            return 0
        if too_many > 0:
            await self._distrust(tenant, f"it holds {too_many} vectors too many")
        return max(too_many, 0)

    async def drop(self, tenant: Tenant) -> int:
        """Delete the client's index from the store and its disk; how many vectors went."""
        self._stale.pop(tenant, None)
        self._trusted.discard(tenant)
        try:
            return await self._store.drop(tenant)
        except CollectionBroken:
            # The store was started again; a damaged index can be dropped without being read.
            return await self._store.drop(tenant)
        except IndexUnreadable as error:
            # All of it goes, and this client does not come back.
            self._lose_all(str(error))
            return 0

    async def rebuild(self, tenant: Tenant) -> None:
        """Make the client's index anew from the vectors in SQL. Raises IndexUnavailable."""
        async with self.changing(tenant):
            client = await self._database.read(clients.find, tenant)
            if client is not None and client.former_fingerprint is not None:
                # There is no whole set of vectors to make it from; what it holds is the former model's.
                self._stale.pop(tenant, None)
                return
            await self._store.drop(tenant)
            if client is not None:
                await self._store.ensure(tenant, client.embedding_fingerprint)
                await self._fill(tenant)
                await self._database.write(clients.mark_index, tenant, dirty=False)
                self._trusted.add(tenant)
            self._stale.pop(tenant, None)
        _log.info("index_rebuilt", client_id=tenant.client_id)

    async def rebuild_next(self) -> None:
        """Wait until some client's index is stale, and rebuild one. Raises IndexUnavailable."""
        await self._work.wait()
        if self._lost:
            await self.start_over()
        self._work.clear()
        if self._stale:
            tenant = next(iter(self._stale))
            # To the end of the line: one that cannot be rebuilt must not keep the others waiting.
            self._stale[tenant] = self._stale.pop(tenant)
            self._work.set()
            await self.rebuild(tenant)

    async def start_over(self) -> None:
        """Empty the store, of which nothing can be read; every client's index waits to be rebuilt."""
        await self._store.reset()
        for client in await self._database.read(clients.admin_list):
            await self._distrust(client.tenant, "the whole index was lost")
        self._lost = False

    async def ping(self) -> None:
        """Raise IndexUnavailable when the store does not answer."""
        try:
            await self._store.ping()
        except IndexUnreadable as error:
            self._lose_all(str(error))
            raise

    async def _suspect(self, tenant: Tenant, error: Exception) -> None:
        """A change did not reach the index."""
        if isinstance(error, IndexUnreadable):
            self._lose_all(str(error))
        await self._distrust(tenant, str(error))

    def _lose_all(self, reason: str) -> None:
        _log.error("index_lost", reason=reason)
        self._lost = True
        self._work.set()

    async def _is_trusted(self, tenant: Tenant, expected: int = 0) -> bool:
        """Whether the index may be asked; at the first touch it is compared with SQL.

        `expected` is by how much the index may differ: rows that were stored and are about to be added.
        """
        if self.is_stale(tenant):
            return False
        if tenant not in self._trusted:
            if await self._differs(tenant, expected):
                await self._distrust(tenant, "it does not match the database")
                return False
            self._trusted.add(tenant)
        return True

    async def _differs(self, tenant: Tenant, expected: int) -> bool:
        client = await self._database.read(clients.find, tenant)
        in_sql = await self._database.read(chunks.count_indexed, tenant)
        if client is None or in_sql + expected == 0:
            return False
        fingerprint = await self._store.fingerprint(tenant)
        return fingerprint != client.embedding_fingerprint or await self._store.count(tenant) != in_sql + expected

    async def _fill(self, tenant: Tenant) -> None:
        after = 0
        while True:
            batch = await self._database.read(chunks.next_vectors, tenant, after, _REBUILD_BATCH)
            if not len(batch.ids):
                return
            ids = [int(chunk_id) for chunk_id in batch.ids]
            await self._store.add(tenant, ids, batch.matrix, [{"rebuilt": 1}] * len(ids))
            after = ids[-1]

    async def _scan(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        vectors = await self._database.read(chunks.ready_vectors, tenant)
        return await asyncio.to_thread(exact.search, vectors.ids, vectors.matrix, vector, k)

    async def _distrust(self, tenant: Tenant, reason: str) -> None:
        self.doubt(tenant, reason)
        # In SQL too: a stop before the rebuild must not make the index look sound.
        await self._database.write(clients.mark_index, tenant, dirty=True)


def _finish_documents(connection: Connection, tenant: Tenant) -> None:
    """A document's rows are complete when they are stored: a crash after that costs only the index."""
    clients.mark_index(connection, tenant, dirty=True)
    for document_id in documents.list_unfinished(connection, tenant, documents.INDEXING):
        documents.publish(connection, tenant, document_id)
    gone = documents.list_unfinished(connection, tenant, documents.DELETING)
    if gone:
        documents.delete_rows(connection, tenant, gone)
        erasures.ask(connection)
