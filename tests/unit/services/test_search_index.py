"""The vector index is kept in step with SQL, and SQL answers when it cannot be trusted."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from memory_store import MemoryStore

from conversational_rag.db import chunks, clients, documents
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.documents import NewDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.errors import IndexUnavailable, StorageFull
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores.base import CollectionBroken, IndexUnreadable

ACME, BETA = Tenant("acme"), Tenant("beta")
VECTORS = np.eye(8, dtype=np.float32)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def insert(connection: Connection, tenant: Tenant, document_id: str, status: str) -> list[int]:
    clients.create(connection, tenant, "model", 1.0)
    clients.mark_index(connection, tenant, dirty=True)
    new = NewDocument(document_id, f"{document_id}.txt", document_id, "txt", 1, None, 10, 100, 0, 1.0)
    documents.insert_new(connection, tenant, new, documents.INDEXING)
    rows = [NewChunk(n, None, 0, "title", f"text {n}", vector) for n, vector in enumerate(VECTORS)]
    ids = chunks.insert_all(connection, tenant, document_id, rows)
    if status == documents.READY:
        documents.publish(connection, tenant, document_id)
    return ids


async def stored(database: Database, index: SearchIndex, tenant: Tenant = ACME) -> list[int]:
    """A document as a complete upload leaves it."""
    ids = await database.write(insert, tenant, f"doc-{tenant.client_id}", documents.READY)
    async with index.changing(tenant):
        await index.add(tenant, ["doc"] * len(ids), ids, VECTORS, len(ids))
    await database.write(clients.mark_index, tenant, dirty=index.is_stale(tenant))
    return ids


async def best(index: SearchIndex, tenant: Tenant, n: int) -> int:
    return (await index.search(tenant, VECTORS[n], 3))[0].chunk_id


async def test_the_store_answers_when_all_is_well(database: Database, store: MemoryStore) -> None:
    index = SearchIndex(database, store)
    ids = await stored(database, index)
    assert await best(index, ACME, 4) == ids[4]
    assert store.searches == 1


@pytest.mark.parametrize("fault", [IndexUnavailable(), CollectionBroken()])
async def test_sql_answers_while_the_store_fails(database: Database, store: MemoryStore, fault: Exception) -> None:
    index = SearchIndex(database, store)
    ids = await stored(database, index)
    store.fault = fault
    assert await best(index, ACME, 4) == ids[4]
    assert store.searches == 0


async def test_a_broken_collection_is_rebuilt_from_sql(database: Database, store: MemoryStore) -> None:
    index = SearchIndex(database, store)
    ids = await stored(database, index)
    store.fault = CollectionBroken()
    await index.search(ACME, VECTORS[0], 1)
    assert index.is_stale(ACME)
    client = await database.read(clients.find, ACME)
    assert client is not None
    assert client.index_dirty
    store.fault, store.collections[ACME] = None, {}
    await index.rebuild_next()
    assert not index.is_stale(ACME)
    assert sorted(store.collections[ACME]) == ids
    client = await database.read(clients.find, ACME)
    assert client is not None
    assert not client.index_dirty


async def test_an_upload_succeeds_while_the_store_is_down_and_is_indexed_later(
    database: Database, store: MemoryStore
) -> None:
    index = SearchIndex(database, store)
    store.fault = IndexUnavailable()
    ids = await stored(database, index)
    assert await best(index, ACME, 2) == ids[2]
    store.fault = None
    await index.rebuild_next()
    assert sorted(store.collections[ACME]) == ids


async def test_a_mark_found_raised_at_the_start_means_rebuilding(database: Database, store: MemoryStore) -> None:
    ids = await database.write(insert, ACME, "doc-a", documents.INDEXING)
    index = SearchIndex(database, store)
    await index.recover()
    assert await best(index, ACME, 5) == ids[5], "an upload whose rows are complete is finished"
    assert index.stale_clients == 1
    await index.rebuild_next()
    assert sorted(store.collections[ACME]) == ids


async def test_an_index_of_another_size_than_sql_is_not_trusted(database: Database, store: MemoryStore) -> None:
    ids = await stored(database, SearchIndex(database, store))
    del store.collections[ACME][ids[3]]
    index = SearchIndex(database, store)
    await index.recover()
    assert await best(index, ACME, 3) == ids[3]
    assert index.is_stale(ACME)


async def test_an_index_of_another_model_is_not_trusted(database: Database, store: MemoryStore) -> None:
    ids = await stored(database, SearchIndex(database, store))
    store.prints[ACME] = "another model"
    index = SearchIndex(database, store)
    assert await best(index, ACME, 3) == ids[3]
    assert index.is_stale(ACME)


async def test_an_upload_into_a_lost_index_does_not_hide_the_older_documents(
    database: Database, store: MemoryStore
) -> None:
    await stored(database, SearchIndex(database, store))
    store.collections.clear()
    store.prints.clear()
    index = SearchIndex(database, store)
    newer = await database.write(insert, ACME, "doc-newer", documents.READY)
    async with index.changing(ACME):
        await index.add(ACME, ["doc-newer"] * len(newer), newer, VECTORS, len(newer))
    assert index.is_stale(ACME)
    assert len(await index.search(ACME, VECTORS[0], 100)) == 16


async def test_one_client_that_cannot_be_rebuilt_does_not_keep_others_waiting(
    database: Database, store: MemoryStore
) -> None:
    for tenant in (ACME, BETA):
        await database.write(insert, tenant, f"doc-{tenant.client_id}", documents.INDEXING)
    index = SearchIndex(database, store)
    await index.recover()
    store.fault = IndexUnavailable()
    with pytest.raises(IndexUnavailable):
        await index.rebuild_next()
    store.fault = None
    await index.rebuild_next()
    assert index.stale_clients == 1
    await index.rebuild_next()
    assert index.stale_clients == 0


async def test_rows_of_another_client_or_of_an_unfinished_document_are_never_found(
    database: Database, store: MemoryStore
) -> None:
    index = SearchIndex(database, store)
    store.fault = IndexUnavailable()
    await stored(database, index, BETA)
    await database.write(insert, ACME, "doc-unfinished", documents.INDEXING)
    assert await index.search(ACME, VECTORS[0], 100) == []


async def test_an_index_that_cannot_be_read_at_all_is_made_anew(database: Database, store: MemoryStore) -> None:
    index = SearchIndex(database, store)
    ids = {tenant: await stored(database, index, tenant) for tenant in (ACME, BETA)}
    store.fault = IndexUnreadable()
    assert await best(index, ACME, 1) == ids[ACME][1]
    await index.rebuild_next()
    await index.rebuild_next()
    assert index.stale_clients == 0
    assert {tenant: sorted(kept) for tenant, kept in store.collections.items()} == ids


async def test_a_full_disk_under_the_index_loses_no_document(database: Database, store: MemoryStore) -> None:
    index = SearchIndex(database, store)
    store.fault = StorageFull()
    ids = await stored(database, index)
    assert await best(index, ACME, 6) == ids[6]
    assert index.is_stale(ACME)


@pytest.mark.parametrize("fault", [IndexUnavailable(), CollectionBroken(), IndexUnreadable()])
async def test_an_upload_that_is_the_first_touch_of_a_store_that_fails_loses_nothing(
    database: Database, store: MemoryStore, fault: Exception
) -> None:
    older = await stored(database, SearchIndex(database, store))
    index = SearchIndex(database, store)
    store.fault = fault
    newer = await database.write(insert, ACME, "doc-newer", documents.READY)
    async with index.changing(ACME):
        await index.add(ACME, ["doc-newer"] * len(newer), newer, VECTORS, len(newer))
    assert index.is_stale(ACME)
    assert len(await index.search(ACME, VECTORS[0], 100)) == 16
    if not isinstance(fault, IndexUnreadable):
        store.fault = None  # one that cannot be read is emptied by the rebuild itself
    await index.rebuild_next()
    assert sorted(store.collections[ACME]) == sorted([*older, *newer])


@pytest.mark.parametrize("fault", [IndexUnavailable(), StorageFull()])
async def test_removing_from_a_store_that_fails_means_rebuilding(
    database: Database, store: MemoryStore, fault: Exception
) -> None:
    index = SearchIndex(database, store)
    ids = await stored(database, index)
    store.fault = fault
    async with index.changing(ACME):
        await index.remove(ACME, ids[:2])
    assert index.is_stale(ACME)
