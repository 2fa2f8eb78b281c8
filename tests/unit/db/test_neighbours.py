"""Neighbours are the chunks before and after on the same page, of the same client."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shelf import Shelf

from conversational_rag.db import neighbours
from conversational_rag.security.tenants import Tenant

ACME, BETA = Tenant("acme"), Tenant("beta")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


async def test_neighbours_stand_on_the_same_page_of_the_same_document(shelf: Shelf) -> None:
    a, b, c, d, e = await shelf.put(ACME, "a.txt", ["one", "two", "three"], ["four"], ["five"])
    (other,) = await shelf.put(ACME, "b.txt", "next file")
    found = await shelf.database.read(neighbours.find, ACME, [a, b, c, d, e, other])
    assert found == {a: (b,), b: (a, c), c: (b,)}


async def test_chunks_without_a_page_are_neighbours_too(shelf: Shelf) -> None:
    first, second = await shelf.put(ACME, "a.md", ["one", "two"])
    await shelf.forget_pages()
    assert await shelf.database.read(neighbours.find, ACME, [first]) == {first: (second,)}


async def test_another_clients_chunks_have_no_neighbours(shelf: Shelf) -> None:
    ids = await shelf.put(ACME, "a.txt", ["one", "two"])
    assert await shelf.database.read(neighbours.find, BETA, ids) == {}
