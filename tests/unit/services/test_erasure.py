"""Words of what was deleted leave the keyword index's file, in rounds that keep nobody waiting."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest
from shelf import Shelf
from sqlalchemy import text

from conversational_rag.db import documents, erasures, keyword_index
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.keyword_index import WeightedWords
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.erasure import Erasure

ACME = Tenant("acme")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


def delete(connection: Connection, document_id: str) -> None:
    documents.delete_rows(connection, ACME, [document_id])
    erasures.ask(connection)


def holds(database: Database, word: str) -> bool:
    files = (database.path, Path(f"{database.path}-wal"))
    return any(word.encode() in path.read_bytes().lower() for path in files if path.exists())


async def rounds(erasure: Erasure) -> None:
    while True:
        await erasure.run_next()


async def test_the_words_of_a_deleted_document_are_gone_from_the_disk(shelf: Shelf) -> None:
    await shelf.put(ACME, "bird.txt", "quetzalcoatlus")
    await shelf.put(ACME, "fish.txt", "coelacanth")
    await shelf.database.write(delete, "doc_1")
    await shelf.database.compact()
    assert holds(shelf.database, "quetzalcoatlu")
    erasure = Erasure(shelf.database)
    working = asyncio.create_task(rounds(erasure))
    assert await erasure.done_soon()
    working.cancel()
    assert not holds(shelf.database, "quetzalcoatlu")
    words = WeightedWords(["coelacanth"], [], 0.5)
    assert len(await shelf.database.read(keyword_index.search, ACME, words, 10)) == 1


async def test_a_round_that_a_stop_prevented_happens_after_the_next_start(shelf: Shelf) -> None:
    await shelf.put(ACME, "bird.txt", "quetzalcoatlus")
    await shelf.database.write(delete, "doc_1")
    await asyncio.wait_for(Erasure(shelf.database).run_next(), 30)
    assert not holds(shelf.database, "quetzalcoatlu")
    assert await shelf.database.read(erasures.admin_latest) is None


async def test_many_deletions_share_a_round_and_nobody_waits_for_ever(shelf: Shelf) -> None:
    for number in range(20):
        await shelf.put(ACME, f"{number}.txt", f"word{number} quetzalcoatlus")
    erasure = Erasure(shelf.database)
    for number in range(1, 21):
        await shelf.database.write(delete, f"doc_{number}")
    waiting = [asyncio.create_task(erasure.done_soon()) for _ in range(20)]
    await asyncio.sleep(0)
    await asyncio.wait_for(erasure.run_next(), 30)
    assert all(await asyncio.gather(*waiting))
    assert not holds(shelf.database, "quetzalcoatlu")


async def test_a_large_index_is_rewritten_part_by_part(shelf: Shelf) -> None:
    for number in range(12):
        pages = [" ".join(f"w{number}x{page}x{word}" for word in range(300)) for page in range(20)]
        await shelf.put(ACME, f"{number}.txt", *pages)
    await shelf.database.write(delete, "doc_3")
    parts = 1
    more = await shelf.database.write(keyword_index.purge_some, 8, anew=True)
    while more:
        more = await shelf.database.write(keyword_index.purge_some, 8, anew=False)
        parts += 1
    assert parts > 3
    await shelf.database.compact()
    assert not holds(shelf.database, "w2x1x")
    await shelf.database.write(
        lambda connection: (
            connection.execute(text("INSERT INTO chunk_words(chunk_words) VALUES ('integrity-check')")) and None
        )
    )


async def test_an_index_in_many_parts_becomes_one_and_finds_the_same(shelf: Shelf) -> None:
    for number in range(7):
        await shelf.put(ACME, f"{number}.txt", f"word{number} quetzalcoatlus")
    words = WeightedWords(["quetzalcoatlus", "word3"], ["word5"], 0.5)
    before = await shelf.database.read(keyword_index.search, ACME, words, 10)
    assert await shelf.database.read(keyword_index.count_parts) > 4
    await asyncio.wait_for(Erasure(shelf.database).run_next(), 30)
    assert await shelf.database.read(keyword_index.count_parts) == 1
    assert await shelf.database.read(keyword_index.search, ACME, words, 10) == before


async def test_an_index_in_few_parts_is_left_alone(shelf: Shelf) -> None:
    for number in range(3):
        await shelf.put(ACME, f"{number}.txt", f"word{number} quetzalcoatlus")
    parts = await shelf.database.read(keyword_index.count_parts)
    assert 1 < parts <= 4
    await asyncio.wait_for(Erasure(shelf.database).run_next(), 30)
    assert await shelf.database.read(keyword_index.count_parts) == parts


async def test_an_index_that_is_scattered_again_at_once_waits(shelf: Shelf) -> None:
    now = iter((100.0, 101.0, 200.0, 202.0, 203.0))  # begun, done after a second; too early; begun, done
    erasure = Erasure(shelf.database, now.__next__)

    names = (f"{number}.txt" for number in range(21))

    async def parts_after_seven_more() -> int:
        for name in islice(names, 7):
            await shelf.put(ACME, name, "quetzalcoatlus")
        await erasure.tidy()
        return await shelf.database.read(keyword_index.count_parts)

    assert await parts_after_seven_more() == 1
    assert await parts_after_seven_more() > 4
    assert await parts_after_seven_more() == 1
