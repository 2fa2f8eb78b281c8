"""A look at the vector index compares what it finds with an exact search, not only what it holds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from memory_store import MemoryStore
from shelf import Shelf

from conversational_rag.db import chunks, clients
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.index_consistency import IndexConsistency
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores.base import Hit, Vectors

ACME = Tenant("acme")
# Each has nine words in common with the next one.
WORDS = [" ".join(f"w{first + number}" for number in range(10)) for first in range(40)]


class Forgetful(MemoryStore):
    """Holds everything, and finds only the ids above `blind_up_to`."""

    blind_up_to = 0

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        hits = await super().search(tenant, vector, len(self.collections[tenant]))
        return [hit for hit in hits if hit.chunk_id > self.blind_up_to][:k]

    async def sweep(self) -> list[str]:
        return []

    async def tenants(self) -> set[Tenant]:
        return set(self.collections)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


async def survey(shelf: Shelf, store: Forgetful) -> list[str]:
    """What is told of a store that holds all that SQL holds."""
    client = await shelf.database.read(clients.find, ACME)
    assert client is not None
    vectors = await shelf.database.read(chunks.ready_vectors, ACME)
    await store.ensure(ACME, client.embedding_fingerprint)
    await store.add(ACME, vectors.ids.tolist(), vectors.matrix, [{}] * len(vectors.ids))
    look = IndexConsistency(shelf.database, SearchIndex(shelf.database, store), store, client.embedding_fingerprint)
    return [name for difference in await look.survey() for name in difference.names]


async def test_an_index_that_finds_the_nearest_is_as_it_must_be(shelf: Shelf) -> None:
    await shelf.put(ACME, "ports.txt", *WORDS)
    assert await survey(shelf, Forgetful()) == []


async def test_equal_texts_may_stand_for_each_other(shelf: Shelf) -> None:
    await shelf.put(ACME, "same.txt", *["the harbour opens"] * 30)
    store = Forgetful()
    store.blind_up_to = 12
    assert await survey(shelf, store) == []


async def test_an_index_that_holds_all_and_finds_too_little_is_told(shelf: Shelf) -> None:
    await shelf.put(ACME, "ports.txt", *WORDS)
    store = Forgetful()
    store.blind_up_to = 20
    (told,) = await survey(shelf, store)
    assert told.startswith("acme: finds ")
    assert told.endswith("of the 30 nearest vectors")


async def test_a_client_without_vectors_has_nothing_to_find(shelf: Shelf) -> None:
    await shelf.put(ACME, "ports.txt", "the harbour")
    await shelf.database.write(chunks.delete_some, ACME)
    assert await survey(shelf, Forgetful()) == []
