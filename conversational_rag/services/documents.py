"""Documents: what a client has here, what was read from it, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from conversational_rag.db import chunks, clients, documents, erasures, pages, space
from conversational_rag.db.documents import DocumentRow
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.pages import PageRow
from conversational_rag.errors import ClientNotFound, DocumentNotFound
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Clock
from conversational_rag.services.erasure import Erasure
from conversational_rag.services.leftovers import NOTHING, Leftovers
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.uploads import UploadFolder


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some of a client's documents, newest first; `more`: there are older ones."""

    documents: tuple[DocumentRow, ...]
    total: int
    more: bool


@dataclass(frozen=True, slots=True)
class Content:
    """The text that was read from a document; `pages` are those asked for, of `total`."""

    document: DocumentRow
    pages: tuple[PageRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Removal:
    """What went with a document: rows in SQL, vectors in the index, bytes of its file and of the database's.

    Not `words_erased`: the keyword index still holds its words on the disk, for some minutes at most.
    """

    document: DocumentRow
    pages: int
    chunks: int
    vectors: int
    file_bytes: int = 0
    database_bytes: int = 0
    words_erased: bool = False
    leftovers: Leftovers = NOTHING


class Documents:
    """What can be asked of, and done to, the documents of one client."""

    def __init__(
        self, database: Database, index: SearchIndex, folder: UploadFolder, erasure: Erasure, now: Clock
    ) -> None:
        self._database, self._index, self._folder, self._erasure, self._now = database, index, folder, erasure, now

    async def owner(self, tenant: Tenant | None, document_id: str) -> Tenant:
        """Whose document it is; it must be the `tenant`'s, if there is one. Raises DocumentNotFound."""
        return await self._database.read(_owner, tenant, document_id)

    async def list_page(self, tenant: Tenant, limit: int, before: tuple[float, str] | None = None) -> DocumentPage:
        """Documents older than `before` (`created_at` and id of one). Raises ClientNotFound."""
        return await self._database.read(_list_page, tenant, limit, before)

    async def find(self, tenant: Tenant, document_id: str) -> DocumentRow:
        """One document. Raises DocumentNotFound."""
        return _required(await self._database.read(documents.find, tenant, document_id))

    async def content(self, tenant: Tenant, document_id: str, limit: int, offset: int) -> Content:
        """The text of a document page by page. Raises DocumentNotFound."""
        return await self._database.read(_content, tenant, document_id, limit, offset)

    async def delete(self, tenant: Tenant, document_id: str) -> Removal:
        """Delete the document with everything of it, also while it is being taken in. Raises DocumentNotFound."""
        async with self._index.changing(tenant):
            with self._index.doubting(tenant):
                ids, removal = await self._database.write(_mark, tenant, document_id)
                if removal.vectors:
                    await self._index.remove(tenant, ids)
                freed = await self._delete_chunks(tenant, document_id)
                dirty = self._index.is_stale(tenant)
                freed += await self._database.write(_delete, tenant, document_id, self._now(), dirty=dirty)
            surplus = await self._index.surplus(tenant)
        file_bytes = await self._folder.discard([document_id])
        rows = await self._database.write(_sweep, tenant, document_id)
        files = await self._folder.sweep([document_id])
        return replace(
            removal,
            file_bytes=file_bytes,
            database_bytes=freed,
            words_erased=await self._erasure.done_soon(),
            leftovers=Leftovers(rows, surplus, files),
        )

    async def _delete_chunks(self, tenant: Tenant, document_id: str) -> int:
        """How many bytes of the database's file that left free."""
        gone, freed = await self._database.write(_delete_some, tenant, document_id)
        while gone:
            gone, more = await self._database.write(_delete_some, tenant, document_id)
            freed += more
        return freed


def _owner(connection: Connection, tenant: Tenant | None, document_id: str) -> Tenant:
    owner = tenant or documents.admin_owner(connection, document_id)
    if owner is None or clients.find(connection, owner) is None:
        raise DocumentNotFound
    _required(documents.find(connection, owner, document_id))
    return owner


def _list_page(connection: Connection, tenant: Tenant, limit: int, before: tuple[float, str] | None) -> DocumentPage:
    if clients.find(connection, tenant) is None:
        raise ClientNotFound
    found: Sequence[DocumentRow] = documents.list_page(connection, tenant, limit + 1, before)
    return DocumentPage(tuple(found[:limit]), documents.count(connection, tenant), len(found) > limit)


def _content(connection: Connection, tenant: Tenant, document_id: str, limit: int, offset: int) -> Content:
    document = _required(documents.find(connection, tenant, document_id))
    found = pages.list_of(connection, tenant, document_id, limit, offset)
    return Content(document, tuple(found), pages.count(connection, tenant, document_id))


def _mark(connection: Connection, tenant: Tenant, document_id: str) -> tuple[list[int], Removal]:
    document = _required(documents.find(connection, tenant, document_id))
    ids, page_count = chunks.ids_of(connection, tenant, [document_id]), pages.count(connection, tenant, document_id)
    clients.mark_index(connection, tenant, dirty=True)
    documents.mark_deleting(connection, tenant, document_id)
    indexed = len(ids) if document.status in documents.INDEXED else 0
    return ids, Removal(document, page_count, len(ids), indexed)


def _delete_some(connection: Connection, tenant: Tenant, document_id: str) -> tuple[int, int]:
    before = space.free_bytes(connection)
    gone = chunks.delete_some(connection, tenant, [document_id])
    return gone, space.free_bytes(connection) - before


def _delete(connection: Connection, tenant: Tenant, document_id: str, now: float, *, dirty: bool) -> int:
    """How many bytes of the database's file that left free."""
    before = space.free_bytes(connection)
    documents.delete_rows(connection, tenant, [document_id])
    erasures.ask(connection)
    clients.touch(connection, tenant, now)
    clients.mark_index(connection, tenant, dirty=dirty)
    return space.free_bytes(connection) - before


def _sweep(connection: Connection, tenant: Tenant, document_id: str) -> int:
    """How many rows of the document a second look finds; they go."""
    left = len(chunks.ids_of(connection, tenant, [document_id])) + pages.count(connection, tenant, document_id)
    chunks.delete_of(connection, tenant, document_id)
    pages.delete_of(connection, document_id)
    return left


def _required(document: DocumentRow | None) -> DocumentRow:
    if document is None:
        raise DocumentNotFound
    return document
