"""Documents: what a client has here, what was read from it, and its end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from conversational_rag.db import chunks, clients, documents, keyword_index, pages
from conversational_rag.db.documents import DocumentRow
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.pages import PageRow
from conversational_rag.errors import ClientNotFound, DocumentNotFound
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Clock
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
    """What went with a document: rows in SQL, vectors in the index, bytes on the disk."""

    document: DocumentRow
    pages: int
    chunks: int
    vectors: int
    file_bytes: int


class Documents:
    """What can be asked of, and done to, the documents of one client."""

    def __init__(self, database: Database, index: SearchIndex, folder: UploadFolder, now: Clock) -> None:
        self._database, self._index, self._folder, self._now = database, index, folder, now

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
            document, ids, page_count = await self._database.write(_mark, tenant, document_id)
            indexed = document.status in documents.INDEXED
            if indexed:
                await self._index.remove(tenant, ids)
            await self._database.write(_delete, tenant, document_id, self._now(), dirty=self._index.is_stale(tenant))
        freed = await self._folder.discard([document_id])
        await self._database.write(keyword_index.purge)
        await asyncio.shield(self._database.compact())
        return Removal(document, page_count, len(ids), len(ids) if indexed else 0, freed)


def _list_page(connection: Connection, tenant: Tenant, limit: int, before: tuple[float, str] | None) -> DocumentPage:
    if clients.find(connection, tenant) is None:
        raise ClientNotFound
    found: Sequence[DocumentRow] = documents.list_page(connection, tenant, limit + 1, before)
    return DocumentPage(tuple(found[:limit]), documents.count(connection, tenant), len(found) > limit)


def _content(connection: Connection, tenant: Tenant, document_id: str, limit: int, offset: int) -> Content:
    document = _required(documents.find(connection, tenant, document_id))
    found = pages.list_of(connection, tenant, document_id, limit, offset)
    return Content(document, tuple(found), pages.count(connection, tenant, document_id))


def _mark(connection: Connection, tenant: Tenant, document_id: str) -> tuple[DocumentRow, list[int], int]:
    document = _required(documents.find(connection, tenant, document_id))
    ids, page_count = chunks.ids_of(connection, tenant, [document_id]), pages.count(connection, tenant, document_id)
    clients.mark_index(connection, tenant, dirty=True)
    documents.mark_deleting(connection, tenant, document_id)
    return document, ids, page_count


def _delete(connection: Connection, tenant: Tenant, document_id: str, now: float, *, dirty: bool) -> None:
    documents.delete_rows(connection, tenant, [document_id])
    clients.touch(connection, tenant, now)
    clients.mark_index(connection, tenant, dirty=dirty)


def _required(document: DocumentRow | None) -> DocumentRow:
    if document is None:
        raise DocumentNotFound
    return document
