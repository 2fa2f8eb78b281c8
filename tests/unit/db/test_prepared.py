"""Prepared statements do what SQLAlchemy's own execution does, within the same transactions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError

from conversational_rag.db.engine import Database
from conversational_rag.db.prepared import Prepared
from conversational_rag.db.tables import clients
from conversational_rag.errors import DatabaseUnavailable

COLUMNS = ("client_id", "created_at", "last_modified", "embedding_fingerprint")
NEW = Prepared(insert(clients), COLUMNS)
NEW_ID = Prepared(insert(clients).returning(clients.c.client_id), COLUMNS)
# 0 is a constant of the statement, `since` comes with each run.
SINCE = Prepared(
    select(clients.c.client_id, clients.c.created_at)
    .where(clients.c.deleting == 0, clients.c.created_at >= bindparam("since"))
    .order_by(clients.c.client_id)
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    yield opened
    await opened.close()


def client(name: str, created_at: float) -> dict[str, object]:
    return {"client_id": name, "created_at": created_at, "last_modified": 0.0, "embedding_fingerprint": ""}


async def test_values_come_by_name_and_rows_as_tuples(database: Database) -> None:
    assert await database.write(NEW_ID.row, client("a", 1.0)) == ("a",)
    await database.write(NEW.run_all, [client("b", 2.0), client("c", 3.0)])
    assert await database.read(SINCE.rows, {"since": 2.0}) == [("b", 2.0), ("c", 3.0)]
    assert await database.read(SINCE.row, {"since": 4.0}) is None


async def test_what_the_schema_refuses_is_told_as_sqlalchemy_tells_it_and_nothing_is_left(database: Database) -> None:
    with pytest.raises(IntegrityError, match="UNIQUE"):
        await database.write(NEW.run_all, [client("a", 1.0), client("a", 2.0)])
    assert await database.read(SINCE.rows, {"since": 0.0}) == []
    await database.write(NEW.run, client("a", 1.0))


async def test_a_value_that_is_missing_is_an_error(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        await database.read(SINCE.rows, {})


async def test_it_is_part_of_the_transaction_that_sqlalchemy_takes_part_in(database: Database) -> None:
    def both(connection: Connection) -> None:
        NEW.run(connection, client("a", 1.0))
        assert connection.execute(text("SELECT count(*) FROM clients")).scalar_one() == 1
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        await database.write(both)
    assert await database.read(SINCE.rows, {"since": 0.0}) == []
