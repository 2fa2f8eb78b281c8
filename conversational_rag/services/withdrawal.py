"""Withdrawal: documents that nobody sees any more leave the vector index, the tables and the disk."""

from collections.abc import Callable, Sequence

from conversational_rag.db import chunks, clients, documents, erasures
from conversational_rag.db.engine import Connection, Database
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Clock
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.uploads import UploadFolder


class Withdrawal:
    """Ends what was marked as `deleting`, together with the client's mark. Call it inside `index.changing(tenant)`."""

    def __init__(self, database: Database, index: SearchIndex, folder: UploadFolder, now: Clock) -> None:
        self._database, self._index, self._folder, self._now = database, index, folder, now

    async def complete(self, tenant: Tenant, document_ids: Sequence[str], *, erase: bool = False) -> None:
        """Remove these documents; with none it only takes down the client's mark. `erase`: their words as well, from
        wherever they still lie on the disk."""
        chunk_ids = await self._database.read(chunks.ids_of, tenant, document_ids)
        await self._index.remove(tenant, chunk_ids)
        dirty = self._index.is_stale(tenant)
        await self._database.write(_finish, tenant, list(document_ids), self._now(), dirty=dirty, erase=erase)
        await self._folder.discard(document_ids)

    def taking_down_mark(self, tenant: Tenant) -> Callable[[Connection], None]:
        """What `complete` writes when there is nothing to withdraw, for a transaction of the caller's."""
        dirty, now = self._index.is_stale(tenant), self._now()
        return lambda connection: _finish(connection, tenant, [], now, dirty=dirty, erase=False)

    async def finish_all(self) -> None:
        """Complete what a full disk or a silent database left half deleted."""
        for tenant in await self._database.read(documents.admin_list_unfinished, [documents.DELETING]):
            async with self._index.changing(tenant):
                with self._index.doubting(tenant):
                    left = await self._database.read(documents.list_unfinished, tenant, documents.DELETING)
                    await self.complete(tenant, left, erase=True)


def _finish(
    connection: Connection, tenant: Tenant, document_ids: list[str], now: float, *, dirty: bool, erase: bool
) -> None:
    documents.delete_rows(connection, tenant, document_ids)
    clients.touch(connection, tenant, now)
    clients.mark_index(connection, tenant, dirty=dirty)
    if erase:
        erasures.ask(connection)
