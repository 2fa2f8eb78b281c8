"""Short writes that wait share a transaction, and each is told its own outcome."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError

from conversational_rag.db import clients
from conversational_rag.db.engine import Database
from conversational_rag.errors import DatabaseUnavailable
from conversational_rag.security.tenants import Tenant

_SECONDS = 10
ACME = Tenant("acme")


class Room:
    """A database that counts its commits, and whose writer can be kept busy or from committing."""

    def __init__(self, path: Path) -> None:
        self.path = path / "sessions.db"
        self.database = Database(self.path)
        self.commits = 0
        self.leave = threading.Event()
        event.listen(self.database._writer.engine, "commit", self._count)

    def _count(self, _connection: Connection) -> None:
        self.commits += 1

    def keep_busy(self) -> "asyncio.Task[None]":
        """The writer does nothing else until `leave` is set."""

        def wait(_connection: Connection) -> None:
            assert self.leave.wait(_SECONDS)

        return asyncio.create_task(self.database.write(wait))

    def names(self) -> set[str]:
        """The clients that stand, as another process sees them."""
        with sqlite3.connect(self.path) as other:
            return {name for (name,) in other.execute("SELECT client_id FROM clients")}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = Room(tmp_path)
    await room.database.migrate()
    yield room
    room.leave.set()
    await room.database.close()


def create(name: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        clients.create(connection, Tenant(name), "model", 1.0)
        return name

    return work


def create_and_fail(connection: Connection) -> None:
    clients.create(connection, Tenant("failed"), "model", 1.0)
    raise ValueError("as it was told to")


async def test_what_waits_is_committed_together(room: Room) -> None:
    busy = room.keep_busy()
    await asyncio.sleep(0)
    names = [f"client-{number}" for number in range(40)]
    writes = [asyncio.create_task(room.database.write_together(create(name))) for name in names]
    await asyncio.sleep(0)
    before = room.commits
    room.leave.set()
    assert await asyncio.gather(*writes) == names
    await busy
    assert room.names() == set(names)
    assert room.commits - before == 3, "the one that kept the others waiting, 32, and 8"


async def test_one_that_fails_takes_nothing_from_the_others(room: Room) -> None:
    busy = room.keep_busy()
    await asyncio.sleep(0)
    first, failing, last = (
        asyncio.create_task(room.database.write_together(work))
        for work in (create("first"), create_and_fail, create("last"))
    )
    await asyncio.sleep(0)
    room.leave.set()
    assert await asyncio.gather(busy, first, last) == [None, "first", "last"]
    with pytest.raises(ValueError, match="as it was told to"):
        await failing
    assert room.names() == {"first", "last"}


async def test_an_outcome_is_known_before_it_stands(room: Room) -> None:
    at_commit, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        at_commit.set()
        assert go_on.wait(_SECONDS)

    event.listen(room.database._writer.engine, "commit", hold)
    write = room.database.begin_write(create("acme"))
    assert await write.outcome() == "acme"
    assert await asyncio.to_thread(at_commit.wait, _SECONDS)
    assert room.names() == set()
    go_on.set()
    assert await write.stored() == "acme"
    assert room.names() == {"acme"}


async def test_a_commit_that_fails_is_told_to_all_of_the_group_after_what_they_were_foretold(room: Room) -> None:
    def prepare(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE parts (client REFERENCES clients(client_id))"))

    await room.database.write(prepare)

    def break_the_commit(connection: Connection) -> str:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("INSERT INTO parts VALUES ('nobody')"))
        return "foretold"

    busy = room.keep_busy()
    await asyncio.sleep(0)
    other, broken = room.database.begin_write(create("other")), room.database.begin_write(break_the_commit)
    room.leave.set()
    await busy
    assert await broken.outcome() == "foretold"
    for write in (other, broken):
        with pytest.raises(IntegrityError):
            await write.stored()
    assert room.names() == set()
    assert await room.database.write_together(create("next")) == "next"


async def test_what_the_database_refuses_is_translated(room: Room) -> None:
    write = room.database.begin_write(lambda connection: connection.execute(text("INSERT INTO nowhere VALUES (1)")))
    for waiting in (write.outcome(), write.stored()):
        with pytest.raises(DatabaseUnavailable):
            await waiting


async def test_what_may_wait_goes_with_the_next_or_soon_by_itself(room: Room) -> None:
    before = room.commits
    waiting = asyncio.create_task(room.database.write_along(create("note")))
    await asyncio.sleep(0)
    await room.database.write_together(create("answer"))
    assert await waiting == "note"
    assert room.commits - before == 1
    assert await room.database.write_along(create("alone")) == "alone"
    assert room.names() == {"note", "answer", "alone"}


async def test_closing_commits_what_waits(room: Room) -> None:
    waiting = asyncio.create_task(room.database.write_along(create("note")))
    await asyncio.sleep(0)
    await room.database.close()
    assert room.names() == {"note"}
    assert await waiting == "note"


async def test_whoever_leaves_does_not_undo_his_write(room: Room) -> None:
    busy = room.keep_busy()
    await asyncio.sleep(0)
    leaving = asyncio.create_task(room.database.write_together(create("left")))
    await asyncio.sleep(0)
    leaving.cancel()
    room.leave.set()
    await asyncio.gather(busy, leaving, return_exceptions=True)
    assert await room.database.write_together(create("next")) == "next"
    assert room.names() == {"left", "next"}
