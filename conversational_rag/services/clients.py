"""Clients: who has documents here, how much, and their end."""

from dataclasses import dataclass

from conversational_rag.db import chunks, clients, documents, erasures, jobs, space
from conversational_rag.db.clients import ClientRow, Holdings
from conversational_rag.db.documents import Totals
from conversational_rag.db.engine import Connection, Database
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ClientNotFound, IndexUnavailable
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.answer_cache import AnswerCache
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.erasure import Erasure
from conversational_rag.services.leftovers import Leftovers
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
    """What went with a client: rows in SQL, vectors in the index, bytes of its files and of the database's.

    Not `words_erased`: the keyword index still holds its words on the disk, for some minutes at most.
    """

    rows: Holdings
    vectors: int
    file_bytes: int
    database_bytes: int
    words_erased: bool
    leftovers: Leftovers


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
        erasure: Erasure,
    ) -> None:
        self._database, self._index, self._pool = database, index, pool
        self._conversations, self._cache, self._folder, self._erasure = conversations, cache, folder, erasure

    async def find(self, tenant: Tenant) -> ClientRow | None:
        """The client, None when there is none."""
        return await self._database.read(clients.find, tenant)

    async def require_searchable(self, tenant: Tenant) -> ClientRow:
        """The client, once the embedding model is there. Raises ClientNotFound."""
        client = await self.find(tenant)
        if client is None:
            raise ClientNotFound
        # Loaded, it has marked the vectors of other models as outdated.
        await self._pool.start()
        return client

    async def wait_until_searchable(self, tenant: Tenant) -> None:
        """Until the embedding model is there. Who waits for it is told first when there is no such client."""
        if not self._pool.ready:
            await self.require_searchable(tenant)

    async def list_totals(self, tenant: Tenant | None) -> dict[str, Totals]:
        """The totals of the client, None: of every one, by its id."""
        if tenant is None:
            return await self._database.read(documents.admin_totals)
        stats = await self.stats(tenant)
        return {tenant.client_id: stats.totals}

    async def stats(self, tenant: Tenant) -> Stats:
        """One client's totals. Raises ClientNotFound."""
        return await self._database.read(_stats, tenant)

    async def delete(self, tenant: Tenant) -> Deletion:
        """Delete everything of the client, on disk too. Raises ClientNotFound.

        Raises IndexUnavailable when the vector store does not answer: the client is gone for everybody, and what
        is left of it goes with the next upkeep.
        """
        await self._database.write(_mark_deleting, tenant)
        return await self._delete(tenant)

    async def delete_if_empty(self, tenant: Tenant) -> None:
        """An upload that left nothing leaves no client either, if it made one and nobody else has used it since."""
        if await self._database.write(_mark_if_empty, tenant):
            await self._delete(tenant)

    async def finish_deletions(self) -> None:
        """Complete what a crash or a silent vector store left half deleted."""
        for tenant in await self._database.read(clients.admin_list_deleting):
            await self._finish(tenant)

    async def _delete(self, tenant: Tenant) -> Deletion:
        try:
            return await self._finish(tenant)
        except IndexUnavailable as error:
            raise IndexUnavailable(
                "The client is deleted, but the vector index does not answer; what it holds of the client is "
                "removed as soon as it does.",
                retry_after=30,
            ) from error

    async def _delete_rows(self, tenant: Tenant) -> tuple[Holdings, int]:
        """What went, and how many bytes of the database's file that left free."""
        held = await self._database.read(clients.holdings, tenant)
        gone, freed = await self._database.write(_delete_some, tenant)
        while gone:
            gone, more = await self._database.write(_delete_some, tenant)
            freed += more
        return held, freed + await self._database.write(_delete_rest, tenant)

    async def _finish(self, tenant: Tenant) -> Deletion:
        async with self._index.changing(tenant):
            vectors = await self._index.drop(tenant)
            document_ids = await self._database.read(documents.ids, tenant)
            rows, freed = await self._delete_rows(tenant)
            surplus = await self._index.surplus(tenant)
        file_bytes = await self._folder.discard(document_ids)
        self._conversations.forget_client(tenant)
        self._cache.forget(tenant)
        left = Leftovers(
            (await self._database.read(clients.holdings, tenant)).rows, surplus, await self._folder.sweep(document_ids)
        )
        # Asked for by the person whose text it was: it must not live on in the indexes or the write-ahead log.
        return Deletion(rows, vectors, file_bytes, freed, await self._erasure.done_soon(), left)


def _delete_some(connection: Connection, tenant: Tenant) -> tuple[int, int]:
    """How many chunks went, and how many bytes of the database's file that left free."""
    before = space.free_bytes(connection)
    gone = chunks.delete_some(connection, tenant)
    return gone, space.free_bytes(connection) - before


def _delete_rest(connection: Connection, tenant: Tenant) -> int:
    """How many bytes of the database's file that left free."""
    before = space.free_bytes(connection)
    clients.delete_rows(connection, tenant)
    erasures.ask(connection)
    return space.free_bytes(connection) - before


def _mark_deleting(connection: Connection, tenant: Tenant) -> None:
    if clients.find(connection, tenant) is None:
        raise ClientNotFound
    clients.mark_deleting(connection, tenant)


def _mark_if_empty(connection: Connection, tenant: Tenant) -> bool:
    """Whether the client is to go: it has no text, no conversation, and nothing is on its way to it."""
    held = clients.holdings(connection, tenant)
    empty = not (held.chunks or held.sessions or jobs.count_open(connection, tenant))
    if empty and clients.find(connection, tenant) is not None:
        clients.mark_deleting(connection, tenant)
        return True
    return False


def _stats(connection: Connection, tenant: Tenant) -> Stats:
    client = clients.find(connection, tenant)
    if client is None:
        raise ClientNotFound
    return Stats(tenant, documents.totals(connection, tenant), client.last_modified)
