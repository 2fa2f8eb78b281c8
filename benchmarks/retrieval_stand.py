"""The stand of the retrieval benchmark: the product's parts in a folder of their own, without a server."""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from conversational_rag.config import Settings
from conversational_rag.db import chunks, clients, documents
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.documents import NewDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.embedding.recent import QueryEmbedder, RecentVectors
from conversational_rag.embedding.registry import load_embedder
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.pipeline import Reader
from conversational_rag.ingestion.splitting import Chunk, split
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.retriever import find
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.erasure import Erasure
from conversational_rag.services.filename_indexes import FilenameIndexes
from conversational_rag.services.library import ClientLibrary
from conversational_rag.services.read_files import document_title
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores import exact
from conversational_rag.vectorstores.base import Hit
from conversational_rag.vectorstores.registry import open_store

CHUNK_SIZE, CHUNK_OVERLAP = 1000, 200
_READING_SECONDS, _READING_BYTES = 600, 4 * 2**30

PassagePlace = tuple[str, int | None]
"""Document id and page."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    title: str
    chunks: Sequence[Chunk]


@dataclass(frozen=True, slots=True)
class StoredChunks:
    """Vectors and texts of one client, in the same order."""

    vectors: chunks.Vectors
    texts: list[str]


class Stand:
    """One database, one embedder, one index. `chunks` counts what was stored."""

    def __init__(self, folder: Path, cache: Path | None, *, exact: bool) -> None:
        settings = Settings(data_dir=folder, vector_store_path=folder / "vectors")
        self._database = Database(folder / "bench.db")
        self._pool = EmbeddingPool(lambda: load_embedder(settings.embedding_model, settings.embedding_threads))
        self._embeddings = _Embeddings(self._pool, cache)
        self._store = open_store(
            settings.vector_store_type, settings.vector_store_path, settings.chroma_open_collections
        )
        self._index = SearchIndex(self._database, self._store)
        self._scan = _Scan(self._database) if exact else None
        self._names = FilenameIndexes()
        self.chunks = 0

    async def open(self) -> None:
        """Make the tables and load the model."""
        await self._database.migrate()
        await self._pool.start()

    async def close(self) -> None:
        """Stop everything."""
        self._embeddings.save()
        await self._pool.close()
        await self._store.close()
        await self._database.close()

    async def ingest_passages(self, tenant: Tenant, passages: Sequence[Mapping[str, str]]) -> dict[PassagePlace, str]:
        """Store passages, those of one title as the pages of one file; which passage stands where."""
        groups: dict[str, list[Mapping[str, str]]] = {}
        for passage in passages:
            groups.setdefault(passage["title"] or passage["id"], []).append(passage)
        files = [_passages_file(name, group) for name, group in groups.items()]
        ids = await self._store_files(tenant, files)
        return {
            (document, page): passage["id"]
            for document, group in zip(ids, groups.values(), strict=True)
            for page, passage in enumerate(group, start=1)
        }

    async def ingest_pdfs(self, tenant: Tenant, paths: Sequence[Path]) -> None:
        """Read and store files; what cannot be read stops the run."""
        reader = Reader(_READING_SECONDS, _READING_BYTES)
        try:
            parsed = [await reader.read(path, path.name, CHUNK_SIZE, CHUNK_OVERLAP) for path in paths]
        finally:
            await reader.close()
        files = [
            _File(path.name, document_title(path.name), each.chunks) for path, each in zip(paths, parsed, strict=True)
        ]
        await self._store_files(tenant, files)

    async def find(self, tenant: Tenant, question: str, history: Sequence[Turn], k: int) -> list[Passage]:
        """The product's retriever over the client's library."""
        return await find(await self.library(tenant, self._embeddings), question, history, k)

    def recent_vectors(self) -> RecentVectors:
        """A memory for the vectors of questions and answers, empty yet."""
        return RecentVectors(self._pool)

    async def library(self, tenant: Tenant, embedder: QueryEmbedder) -> ClientLibrary:
        """The client's library."""
        client = await self._database.read(clients.find, tenant)
        assert client is not None
        return ClientLibrary(client, self._database, self._scan or self._index, embedder, names=self._names)

    async def stored_chunks(self, tenant: Tenant) -> StoredChunks:
        """All that was stored for the client."""
        vectors = await self._database.read(chunks.ready_vectors, tenant)
        rows = await self._database.read(chunks.next_texts, tenant, 0, self.chunks)
        return StoredChunks(vectors, [text for _, _, text in rows])

    def cpu_seconds(self) -> float:
        """What this process and its children (Chroma's) have used."""
        return time.process_time() + sum(map(_cpu_seconds_of, Path("/proc/self/task").glob("*/children")))

    async def _store_files(self, tenant: Tenant, files: Sequence[_File]) -> list[str]:
        texts = [f"{file.title}\n{chunk.text}" if file.title else chunk.text for file in files for chunk in file.chunks]
        vectors = await self._embeddings.embed_passages(texts)
        self.chunks += len(texts)
        rows, ids = iter(vectors), list[str]()
        await self._database.write(clients.create, tenant, self._pool.fingerprint, 0.0)
        # As uploads do it, in many transactions: one would leave the keyword index in many parts.
        for number, file in enumerate(files):
            ids.append(await self._database.write(_insert, tenant, file, number, islice(rows, len(file.chunks))))
        await Erasure(self._database).tidy()
        if self._scan is None:
            await self._index.rebuild(tenant)
        return ids


class _Scan:
    """An exact scan, with the vectors of each client kept in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._vectors: dict[Tenant, chunks.Vectors] = {}

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        if tenant not in self._vectors:
            self._vectors[tenant] = await self._database.read(chunks.ready_vectors, tenant)
        vectors = self._vectors[tenant]
        return await asyncio.to_thread(exact.search, vectors.ids, vectors.matrix, vector, k)


class _Embeddings:
    """The pool; passages are looked up in a file first, when there is one."""

    def __init__(self, pool: EmbeddingPool, cache: Path | None) -> None:
        self._pool, self._cache = pool, cache
        self._known: dict[str, Vectors] = {}
        if cache is not None and cache.exists():
            with np.load(cache) as stored:
                self._known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        return await self._pool.embed_queries(texts, urgent=urgent)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        keys = [hashlib.sha256(f"{self._pool.fingerprint}\n{text}".encode()).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            self._known.update(zip(missing, await self._pool.embed_passages(list(missing.values())), strict=True))
        return np.stack([self._known[key] for key in keys])

    def save(self) -> None:
        if self._cache is not None and self._known:
            np.savez(self._cache, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))


def _passages_file(name: str, passages: Sequence[Mapping[str, str]]) -> _File:
    pages = tuple(Page(number, passage["text"]) for number, passage in enumerate(passages, start=1))
    parts = split(LoadedDocument(Kind.TXT, pages, len(pages)), CHUNK_SIZE, CHUNK_OVERLAP)
    return _File(f"{name}.txt", passages[0]["title"], parts)


def _insert(connection: Connection, tenant: Tenant, file: _File, number: int, vectors: Iterator[Vectors]) -> str:
    document_id = f"{tenant.client_id}_{number}"
    size = sum(len(chunk.text) for chunk in file.chunks)
    document = NewDocument(
        document_id, file.name, document_id, "txt", size, None, size, CHUNK_SIZE, CHUNK_OVERLAP, float(number)
    )
    documents.insert_new(connection, tenant, document, documents.INDEXING)
    new = [
        NewChunk(chunk.ordinal, chunk.page, chunk.start, file.title, chunk.text, vector)
        for chunk, vector in zip(file.chunks, vectors, strict=True)
    ]
    chunks.insert_all(connection, tenant, document_id, new)
    documents.publish(connection, tenant, document_id)
    return document_id


def _cpu_seconds_of(children: Path) -> float:
    """The time of the processes listed in /proc/…/children; 0 where there is no /proc."""
    return sum(_cpu_seconds(int(process)) for process in children.read_text().split())


def _cpu_seconds(process: int) -> float:
    """By the clock that Linux keeps for each process, which counts threads that have ended as well."""
    return time.clock_gettime((~process << 3) | 2)
