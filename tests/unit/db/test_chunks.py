"""A chunk comes with the ids of those before and after it on the same page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shelf import Shelf

from conversational_rag.db import chunks
from conversational_rag.security.tenants import Tenant

ACME, BETA = Tenant("acme"), Tenant("beta")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


async def beside(shelf: Shelf, tenant: Tenant, *ids: int) -> dict[int, tuple[int | None, int | None]]:
    rows = await shelf.database.read(chunks.get, tenant, ids)
    return {chunk_id: (row.before, row.after) for chunk_id, row in rows.items()}


async def test_neighbours_stand_on_the_same_page_of_the_same_document(shelf: Shelf) -> None:
    a, b, c, d, e = await shelf.put(ACME, "a.txt", ["one", "two", "three"], ["four"], ["five"])
    (other,) = await shelf.put(ACME, "b.txt", "next file")
    alone = (None, None)
    assert await beside(shelf, ACME, a, b, c, d, e, other) == {
        a: (None, b), b: (a, c), c: (b, None), d: alone, e: alone, other: alone,
    }  # fmt: skip


async def test_chunks_without_a_page_are_neighbours_too(shelf: Shelf) -> None:
    first, second = await shelf.put(ACME, "a.md", ["one", "two"])
    await shelf.forget_pages()
    assert await beside(shelf, ACME, first) == {first: (None, second)}


async def test_another_clients_chunks_are_not_got(shelf: Shelf) -> None:
    ids = await shelf.put(ACME, "a.txt", ["one", "two"])
    assert await beside(shelf, BETA, *ids) == {}
