"""A client is taken over to another embedding model, and an interrupted run leaves nothing mixed."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from toy_embedder import ToyEmbedder

from conversational_rag.db import chunks, clients, documents
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.documents import NewDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ClientNotFound
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.reindexing import Reindexing
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores.registry import open_store

ACME = Tenant("acme")
TEXTS = ["The bridge is grey.", "Tulips are planted in October."]


def fill(connection: Connection) -> None:
    clients.create(connection, ACME, "old model", 1.0)
    new = NewDocument("doc", "a.txt", "sha", "txt", 1, None, 10, 100, 0, 1.0)
    documents.insert_new(connection, ACME, new, documents.INDEXING)
    old = np.ones(7, dtype=np.float32)
    chunks.insert_all(connection, ACME, "doc", [NewChunk(n, None, 0, "a", text, old) for n, text in enumerate(TEXTS)])
    documents.publish(connection, ACME, "doc")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    await opened.write(fill)
    yield opened
    await opened.close()


async def test_vectors_and_index_follow_the_new_model(database: Database, tmp_path: Path) -> None:
    store, pool = open_store("chroma", tmp_path / "chroma", 64), EmbeddingPool(ToyEmbedder)
    index = SearchIndex(database, store)
    assert await Reindexing(database, index, pool).reindex(ACME) == 2
    client = await database.read(clients.find, ACME)
    assert client is not None
    assert (client.embedding_fingerprint, client.index_dirty) == ("toy", False)
    assert await store.count(ACME) == 2
    hits = await index.search(ACME, await pool.embed_query(f"a\n{TEXTS[1]}"), 1)
    rows = await database.read(chunks.get, ACME, [hits[0].chunk_id])
    assert rows[hits[0].chunk_id].text == TEXTS[1]
    await store.close()
    await pool.close()


async def test_an_interrupted_run_belongs_to_no_model_and_is_simply_repeated(
    database: Database, tmp_path: Path
) -> None:
    class Breaking(ToyEmbedder):
        def embed(self, texts):  # type: ignore[no-untyped-def]
            raise MemoryError

    store, broken = open_store("chroma", tmp_path / "chroma", 64), EmbeddingPool(Breaking)
    index = SearchIndex(database, store)
    with pytest.raises(MemoryError):
        await Reindexing(database, index, broken).reindex(ACME)
    client = await database.read(clients.find, ACME)
    assert client is not None
    assert client.embedding_fingerprint == clients.BEING_REINDEXED
    await index.rebuild(ACME)
    assert await store.count(ACME) == 0, "vectors of two models are never mixed"
    pool = EmbeddingPool(ToyEmbedder)
    assert await Reindexing(database, index, pool).reindex(ACME) == 2
    assert await store.count(ACME) == 2
    await broken.close()
    await pool.close()
    await store.close()


async def test_an_unknown_client_is_not_found(database: Database, tmp_path: Path) -> None:
    pool = EmbeddingPool(ToyEmbedder)
    store = open_store("chroma", tmp_path / "chroma", 64)
    with pytest.raises(ClientNotFound):
        await Reindexing(database, SearchIndex(database, store), pool).reindex(Tenant("nobody"))
    await store.close()
    await pool.close()
