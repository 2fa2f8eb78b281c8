"""A chunk comes with the ids of those before and after it on the same page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shelf import Shelf

from conversational_rag.db import chunks
from conversational_rag.db.engine import Connection
from conversational_rag.security.tenants import Tenant

ACME, BETA = Tenant("acme"), Tenant("beta")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


async def beside(shelf: Shelf, tenant: Tenant, *ids: int) -> dict[int, tuple[int | None, int | None]]:
    outlines = await shelf.database.read(chunks.outlines, tenant, ids)
    return {chunk_id: (outline.before, outline.after) for chunk_id, outline in outlines.items()}


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
    assert await shelf.database.read(chunks.get, BETA, ids) == {}


async def test_an_outline_tells_the_length_in_characters_and_stands_in_narrow_indexes(shelf: Shelf) -> None:
    (chunk,) = await shelf.put(ACME, "a.txt", "Größe: 5 µm")
    (outline,) = (await shelf.database.read(chunks.outlines, ACME, [chunk])).values()
    assert (outline.document_id, outline.characters) == ("doc_1", 11)
    assert not [step for step in await shelf.database.read(_steps) if step.startswith("SEARCH") and _is_long(step)]


def _steps(connection: Connection) -> list[str]:
    """How SQLite finds outlines."""
    words, constants = chunks._OUTLINES._compile(connection)
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", {**constants, "client": "acme", "ids": "[]"})
    return [row[3] for row in rows]


def _is_long(step: str) -> bool:
    narrow = ("ix_chunks_outline", "COVERING INDEX ix_chunks_document_id_ordinal_page", "documents")
    return not any(each in step for each in narrow)
