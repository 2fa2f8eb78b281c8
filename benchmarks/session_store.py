"""The session store at size, next to plain sqlite3 doing the same on a copy of the same file.

    python benchmarks/session_store.py [--sessions 10000] [--messages 20] [--rounds 300] [--json]

Each row is one thing that a turn or an admin does; the yardstick is one open connection of the standard library's
sqlite3 with the same pragmas in the calling thread, which gives back bare tuples. The goals: the load of the last 20
messages takes less than 1 ms (p50) and no more than 3 times the yardstick's time, and a cleanup of half of the
sessions never keeps another writer waiting for more than 50 ms.
"""

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert

from conversational_rag.db import clients, messages, tables
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.messages import COMPLETE, NewAnswer
from conversational_rag.db.usage import UsageRow
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.sessions import Sessions

_TENANT, _HOUR = Tenant("bench"), 3600.0
_TEXT = "The ferry to the island leaves at eight from the second quay, in winter at nine. " * 5
_SOURCES = json.dumps([{"filename": "timetable.pdf", "page": page, "content": _TEXT, "score": 0.5} for page in (1, 2)])
_LOADED = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of work; times in milliseconds, CPU of the whole process in milliseconds each."""

    name: str
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    plain_p50_ms: float
    plain_cpu_ms: float

    @property
    def ratio(self) -> float:
        """How many times the yardstick's time."""
        return self.p50_ms / self.plain_p50_ms


@dataclass(frozen=True, slots=True)
class Cleanup:
    """Half of the sessions are deleted; `longest_wait_ms` is what another writer met with at most."""

    removed: int
    seconds: float
    longest_wait_ms: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows, cleanup = asyncio.run(measure(Path(folder), options.sessions, options.messages, options.rounds))
    report = {"sessions": options.sessions, "messages": options.messages, "cleanup": asdict(cleanup)}
    print(json.dumps(report | {"rows": [asdict(row) for row in rows]}) if options.json else table(rows, cleanup))


async def measure(folder: Path, count: int, length: int, rounds: int) -> tuple[list[Row], Cleanup]:
    """All rows, and the cleanup."""
    database = Database(folder / "sessions.db")
    try:
        await database.migrate()
        await database.write(fill, count, length)
        await database.compact()
        shutil.copy(database.path, folder / "plain.db")
        conversations = Conversations(database, ttl_seconds=3600, max_cached=1)
        store, plain = Sessions(database, conversations), Plain(folder / "plain.db")
        work = Work(database, conversations, store)
        rows = [
            await compared("load of the last 20", work.load, plain.load, count, rounds),
            await compared("append of two", work.append, plain.append, count, rounds),
            await compared("stats", work.stats, plain.stats, count, max(5, rounds // 20)),
        ]
        return rows, await cleaned(database, store)
    finally:
        await database.close()


def fill(connection: Connection, count: int, length: int) -> None:
    """So many sessions of so many messages; every second one has run out."""
    now = time.time()
    clients.create(connection, _TENANT, "none", now)
    connection.execute(
        insert(tables.sessions),
        [
            {
                "session_id": name(number),
                "client_id": _TENANT.client_id,
                "created_at": now - 2 * _HOUR,
                "last_accessed": now - number,
                "expires_at": now + 10 * _HOUR * (1 if number % 2 else -1),
                "message_count": length,
            }
            for number in range(count)
        ],
    )
    for number in range(count):
        rows = [message(number, length, each, now) for each in range(length)]
        connection.execute(insert(tables.messages), rows)
        texts = [{"session_id": row["session_id"], "message_id": row["id"], "text": row["content"]} for row in rows]
        connection.execute(insert(tables.session_texts), texts)


def message(number: int, length: int, each: int, now: float) -> dict[str, Any]:
    """Questions and answers in turn; ids are counted from 1."""
    identity, is_answer = number * length + each + 1, bool(each % 2)
    return {
        "id": identity,
        "session_id": name(number),
        "role": "assistant" if is_answer else "user",
        "content": _TEXT if is_answer else "When does the ferry leave?",
        "timestamp": now,
        "reply_to": identity - 1 if is_answer else None,
        "sources": _SOURCES if is_answer else None,
    }


def name(number: int) -> str:
    """The id of a session."""
    return f"session-{number:06}"


class Work:
    """What the product does."""

    def __init__(self, database: Database, conversations: Conversations, store: Sessions) -> None:
        self._database, self._conversations, self._store = database, conversations, store

    async def load(self, session_id: str) -> None:
        """The last turns, as a question needs them."""
        found = await self._database.read(messages.turns, session_id, 0, _LOADED // 2)
        assert len(found) == _LOADED // 2

    async def append(self, session_id: str) -> None:
        """A question and its answer, in a transaction each, with all that belongs to them."""
        asked = await self._conversations.ask(_TENANT, session_id, "And when does it come back?")
        answer = NewAnswer(_TEXT, time.time(), COMPLETE, _SOURCES, "model", False, 1000, 100, 0, 1)
        await self._conversations.answer(asked, answer, UsageRow(answers=1))

    async def stats(self, _session_id: str) -> None:
        """Counts over all sessions."""
        assert (await self._store.totals(None)).sessions


class Plain:
    """The same with one connection of sqlite3."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "secure_delete = on"):
            self._connection.execute(f"pragma {pragma}").fetchall()

    async def load(self, session_id: str) -> None:
        """The last questions with their answers."""
        query = (
            "select q.id, q.content, a.content from messages q join messages a on a.reply_to = q.id and "
            "a.session_id = q.session_id where q.session_id = ? and q.role = 'user' and q.id > 0 "
            "order by q.id desc limit ?"
        )
        with self._connection as connection:
            connection.execute("begin")
            assert len(connection.execute(query, (session_id, _LOADED // 2)).fetchall()) == _LOADED // 2

    async def append(self, session_id: str) -> None:
        """Two transactions."""
        self._insert(session_id, "user", "And when does it come back?", None)
        self._insert(session_id, "assistant", _TEXT, _SOURCES)

    async def stats(self, _session_id: str) -> None:
        """Counts over all sessions."""
        query = "select count(*), count(*) filter (where expires_at > ?), sum(message_count) from sessions"
        assert self._connection.execute(query, (time.time(),)).fetchone()[0]

    def _insert(self, session_id: str, role: str, content: str, sources: str | None) -> None:
        update = "update sessions set last_accessed = ?, message_count = message_count + 1 where session_id = ?"
        into = "insert into messages (session_id, role, content, timestamp, sources) values (?, ?, ?, ?, ?)"
        with self._connection as connection:
            connection.execute("begin immediate")
            connection.execute(update, (time.time(), session_id))
            connection.execute(into, (session_id, role, content, time.time(), sources))


Task = Callable[[str], Awaitable[None]]


async def compared(title: str, ours: Task, plain: Task, count: int, rounds: int) -> Row:
    """Both, one after the other each time, on living sessions chosen at random."""
    chosen = random.Random(7)
    names = [name(2 * chosen.randrange(count // 2) + 1) for _ in range(rounds + 20)]
    for warm in names[:20]:
        await ours(warm)
        await plain(warm)
    times: dict[Task, list[float]] = {ours: [], plain: []}
    costs = dict.fromkeys(times, 0.0)
    for each in names[20:]:
        for task in (ours, plain):
            began, cpu = time.perf_counter(), time.process_time()
            await task(each)
            times[task].append((time.perf_counter() - began) * 1e3)
            costs[task] += (time.process_time() - cpu) * 1e3 / rounds
    tail = quantiles(times[ours], n=100)[98]
    return Row(title, median(times[ours]), tail, costs[ours], median(times[plain]), costs[plain])


async def cleaned(database: Database, store: Sessions) -> Cleanup:
    """The cleanup, while somebody else wants to write all the time: writers of the product queue for one thread."""
    waits: list[float] = []

    async def write_all_the_time() -> None:
        while True:
            began = time.perf_counter()
            await database.ping()
            waits.append(time.perf_counter() - began)

    other = asyncio.create_task(write_all_the_time())
    began = time.perf_counter()
    removed = await store.cleanup()
    seconds = time.perf_counter() - began
    other.cancel()
    return Cleanup(removed, seconds, max(waits) * 1e3)


def table(rows: list[Row], cleanup: Cleanup) -> str:
    """For people."""
    lines = [f"{'':22}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'plain p50':>11}{'plain CPU':>11}{'ratio':>8}"]
    lines += [
        f"{row.name:22}{row.p50_ms:9.3f}{row.p99_ms:9.3f}{row.cpu_ms:9.3f}{row.plain_p50_ms:11.3f}"
        f"{row.plain_cpu_ms:11.3f}{row.ratio:8.1f}"
        for row in rows
    ]
    lines.append(
        f"cleanup of {cleanup.removed} sessions: {cleanup.seconds:.1f} s, another writer waited "
        f"{cleanup.longest_wait_ms:.0f} ms at most"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
