"""The names of a client's files are read anew when its documents have changed, and not before."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shelf import Shelf

from conversational_rag.db import clients, documents
from conversational_rag.rag.filenames import FilenameIndex
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.filename_indexes import FilenameIndexes

ACME, BETA, NOBODY = Tenant("acme"), Tenant("beta"), Tenant("nobody")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    await shelf.put(ACME, "bridges.txt", "one")
    await shelf.put(ACME, "gardens.txt", "two")
    yield shelf
    await shelf.database.close()


async def current(shelf: Shelf, indexes: FilenameIndexes, tenant: Tenant = ACME) -> FilenameIndex:
    return await shelf.database.read(indexes.current, tenant)


async def test_the_names_are_those_of_ready_documents(shelf: Shelf) -> None:
    await shelf.put(ACME, "hidden.txt", "three", status=documents.INDEXING)
    index = await current(shelf, FilenameIndexes())
    assert set(index.evidence("What about the bridges?")) == {"doc_1"}
    assert index.evidence("Which are hidden?") == {}


async def test_they_are_read_once_until_the_client_changes(shelf: Shelf) -> None:
    indexes = FilenameIndexes()
    before = await current(shelf, indexes)
    assert await current(shelf, indexes) is before
    await shelf.put(ACME, "ferries.txt", "three")
    await shelf.database.write(clients.touch, ACME, 42.0)
    assert set((await current(shelf, indexes)).evidence("And the ferries?")) == {"doc_3"}


async def test_nobody_sees_anothers_names(shelf: Shelf) -> None:
    await shelf.put(BETA, "bridges.txt", "one")
    indexes = FilenameIndexes()
    assert [len(await current(shelf, indexes, tenant)) for tenant in (ACME, BETA, NOBODY)] == [2, 1, 0]


async def test_the_longest_unasked_are_forgotten(shelf: Shelf) -> None:
    await shelf.put(BETA, "ferries.txt", "one")
    indexes = FilenameIndexes(most_names=2)
    before = await current(shelf, indexes)
    theirs = await current(shelf, indexes, BETA)
    assert await current(shelf, indexes, BETA) is theirs
    assert await current(shelf, indexes) is not before
