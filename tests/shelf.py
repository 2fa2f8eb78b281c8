"""A shelf of documents in a real database, with an embedder that knows words only and an index that scans."""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import text

from conversational_rag.db import chunks, clients, documents
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.documents import NewDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.library import ClientLibrary
from conversational_rag.vectorstores import exact
from conversational_rag.vectorstores.base import Hit, Vectors

_DIMENSIONS = 512


class WordPool:
    """A text's vector has one place for each of its words: texts without a common word have similarity 0."""

    def __init__(self) -> None:
        self.embedded: list[str] = []

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        self.embedded += texts
        return word_vectors(texts)


def word_vectors(texts: Sequence[str]) -> Vectors:
    matrix = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
    for row, each in zip(matrix, texts, strict=True):
        for word in re.findall(r"\w+", each.lower()):
            row[zlib.crc32(word.encode()) % _DIMENSIONS] += 1
        row /= max(float(np.linalg.norm(row)), 1e-9)
    return matrix


class ScanIndex:
    """Finds the nearest vectors among those in SQL; `stale` hits are claimed on top of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.stale: list[Hit] = []

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        vectors = await self._database.read(chunks.ready_vectors, tenant)
        return self.stale + exact.search(vectors.ids, vectors.matrix, vector, k)


class Shelf:
    """Documents that tests put there."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path / "shelf.db")
        self.index, self.pool = ScanIndex(self.database), WordPool()
        self._documents = 0

    async def put(
        self, tenant: Tenant, filename: str, *pages: str | Sequence[str], status: str = documents.READY
    ) -> list[int]:
        """Store a document, a page being the text of one chunk or the texts of several; the ids of its chunks."""
        self._documents += 1
        name = f"doc_{self._documents}"
        return await self.database.write(
            _put, tenant, name, filename, [[p] if isinstance(p, str) else p for p in pages], status
        )

    async def forget_pages(self) -> None:
        """As if all documents were of a kind that has no pages."""
        await self.database.write(lambda connection: connection.execute(text("UPDATE chunks SET page = NULL")) and None)

    def library(self, tenant: Tenant) -> ClientLibrary:
        client = ClientRow(tenant, 0.0, "words", None, index_dirty=False)
        return ClientLibrary(client, self.database, self.index, self.pool)


def _put(
    connection: Connection, tenant: Tenant, name: str, filename: str, pages: Sequence[Sequence[str]], status: str
) -> list[int]:
    title = Path(filename).stem.replace("_", " ")
    places = [(number, each) for number, page in enumerate(pages, start=1) for each in page]
    vectors = word_vectors([f"{title}\n{each}" for _, each in places])
    clients.create(connection, tenant, "words", 0.0)
    document = NewDocument(name, filename, name, "txt", 1, len(pages), 1, 1000, 200, 0.0)
    documents.insert_new(connection, tenant, document, documents.INDEXING)
    new = [
        NewChunk(ordinal, page, 0, title, each, vector)
        for ordinal, ((page, each), vector) in enumerate(zip(places, vectors, strict=True))
    ]
    ids = chunks.insert_all(connection, tenant, name, new)
    connection.execute(text("UPDATE documents SET status = :status WHERE id = :id"), {"status": status, "id": name})
    return ids
