"""The database's file becomes smaller while it is in use."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from conversational_rag.db import database_file, space
from conversational_rag.db.engine import Connection, Database
from conversational_rag.services.shrinking import Shrinking

_ROWS, _ROW_BYTES = 1000, 3000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "sessions.db")
    await database.migrate()
    yield database
    await database.close()


def fill(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE notes (content BLOB)"))
    connection.execute(text("INSERT INTO notes VALUES (:content)"), [{"content": bytes(_ROW_BYTES)}] * _ROWS)


def delete(connection: Connection, share: float) -> None:
    connection.execute(text("DELETE FROM notes WHERE rowid <= :last"), {"last": int(share * _ROWS)})


def count(connection: Connection) -> int:
    notes: int = connection.execute(text("SELECT count(*) FROM notes")).scalar_one()
    return notes


async def test_the_disk_gets_back_what_was_deleted_and_the_rest_is_whole(database: Database) -> None:
    await database.write(fill)
    await database.compact()
    before = database.size_bytes()
    await database.write(delete, 0.75)
    freed = await Shrinking(database).run()
    assert freed > 0.7 * _ROWS * _ROW_BYTES
    assert database.size_bytes() <= before - freed
    assert await database.read(space.free_bytes) == 0
    assert await database.read(count) == _ROWS // 4
    assert database_file.damage(database.path) == []


async def test_a_few_free_pages_stay_for_the_next_rows(database: Database) -> None:
    await database.write(fill)
    await database.write(delete, 0.01)
    free = await database.read(space.free_bytes)
    assert await Shrinking(database).run() == 0
    assert 0 < free == await database.read(space.free_bytes)


async def test_it_ends_with_a_file_of_a_former_version_which_shrinks_once_it_was_compacted(tmp_path: Path) -> None:
    path = tmp_path / "former.db"
    former = sqlite3.connect(path)
    former.execute("CREATE TABLE former (content TEXT)")
    former.close()
    database = Database(path)
    await database.migrate()
    await database.write(fill)
    await database.write(delete, 0.5)
    assert await Shrinking(database).run() == 0
    await database.close()
    database_file.compact(path)
    database = Database(path)
    await database.write(delete, 1.0)
    assert await Shrinking(database).run() > 0.4 * _ROWS * _ROW_BYTES
    await database.close()
