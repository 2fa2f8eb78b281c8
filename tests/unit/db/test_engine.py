"""The database: transactions, durability settings, translated errors."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from conversational_rag.db import clients
from conversational_rag.db.engine import Database
from conversational_rag.errors import DatabaseUnavailable
from conversational_rag.security.tenants import Tenant

ACME = Tenant("acme")


async def opened(path: Path) -> Database:
    database = Database(path / "deep" / "down" / "sessions.db")
    await database.migrate()
    return database


async def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = await opened(tmp_path)

    def fail_half_way(connection: Connection) -> None:
        clients.create(connection, ACME, "model", 1.0)
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        await database.write(fail_half_way)
    assert await database.read(clients.find, ACME) is None
    await database.close()


async def test_every_connection_has_the_settings_that_keep_data_safe(tmp_path: Path) -> None:
    database = await opened(tmp_path)

    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "auto_vacuum")
        return [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    assert await database.read(pragmas) == ["wal", 2, 1, 1, 2]
    assert await database.write(pragmas) == ["wal", 2, 1, 1, 2]
    await database.close()


async def test_what_was_written_is_there_after_closing(tmp_path: Path) -> None:
    database = await opened(tmp_path)
    await database.write(clients.create, ACME, "model", 1.0)
    await database.close()
    database = await opened(tmp_path)
    client = await database.read(clients.find, ACME)
    assert client is not None
    assert client.embedding_fingerprint == "model"
    await database.close()


async def test_a_locked_database_is_reported_as_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversational_rag.db.engine._BUSY_MILLISECONDS", 50)
    database = await opened(tmp_path)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseUnavailable):
        await database.ping()
    other.execute("ROLLBACK")
    await database.ping()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable):
        await database.ping()
    other.execute("ROLLBACK")
    other.close()
    await database.ping()
    await database.close()


async def test_a_transaction_that_could_not_be_ended_is_not_gone_on_with(tmp_path: Path) -> None:
    database = await opened(tmp_path)

    def leave_it_open(connection: Connection) -> None:
        clients.create(connection, ACME, "model", 1.0)
        connection.execute(text("INSERT INTO no_such_table VALUES (1)"))

    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            await database.write(leave_it_open)
        assert await database.read(clients.find, ACME) is None
    await database.write(clients.create, ACME, "model", 1.0)
    assert await database.read(clients.find, ACME) is not None
    await database.close()


async def test_a_file_that_is_no_database_is_reported_as_unavailable(tmp_path: Path) -> None:
    (tmp_path / "sessions.db").write_bytes(b"this is not a database" * 100)
    database = Database(tmp_path / "sessions.db")
    with pytest.raises(DatabaseUnavailable):
        await database.ping()
    await database.close()


async def test_deleted_text_is_gone_from_the_files(tmp_path: Path) -> None:
    database = await opened(tmp_path)
    secret = Tenant("client_with_a_telling_name")
    await database.write(clients.create, secret, "model", 1.0)
    await database.write(clients.delete_rows, secret)
    await database.compact()
    left = b"".join(path.read_bytes() for path in database.path.parent.iterdir())
    assert b"telling_name" not in left
    await database.close()
