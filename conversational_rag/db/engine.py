"""The database: one writer thread, a few reader threads, and statements that SQLite and PostgreSQL share.

Repository functions are plain functions that take a `Connection` first and run inside one transaction:

    row = await database.read(sessions.find, tenant, session_id)
    await database.write(messages.append, tenant, ...)

Each thread keeps its connection open: taking one from a pool for each transaction costs more than a short query.
Synchronous SQLAlchemy Core costs about twice as much as plain sqlite3 then (benchmarks/session_store.py); its asyncio
ORM costs 7 times as much.
"""

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from conversational_rag.db.group_commit import GroupCommit, Write
from conversational_rag.errors import ConfigurationError, DatabaseUnavailable, ServiceError, StorageFull

P = ParamSpec("P")
T = TypeVar("T")

_READERS = 2
_BUSY_MILLISECONDS = 10_000
_ALONG_SECONDS = 0.05


class Database:
    """The SQLite file that holds the truth. Its threads start with the first call."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._writer = _Connections(_open_engine(path, "BEGIN IMMEDIATE"))
        self._reader = _Connections(_open_engine(path, "BEGIN"))
        self._writing = ThreadPoolExecutor(1, "db-write")
        self._reading = ThreadPoolExecutor(_READERS, "db-read")
        self._group = GroupCommit(self._writer.transact, self._writing)

    async def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)` on a snapshot of the data."""
        call = functools.partial(self._reader.transact, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._reading, call)

    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)` in one transaction: all of it stands when this returns, or nothing does.

        A caller that is cancelled does not undo it.
        """
        call = functools.partial(self._writer.transact, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._writing, call)

    def begin_write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> Write[T]:
        """A short write, which may be committed with others that wait: its outcome is known before it stands.

        `work` is run again by itself when another of them fails.
        """
        write = Write[T](lambda connection: work(connection, *args, **kwargs), foretold=True)
        self._group.add(write)
        return write

    async def write_together(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`begin_write`, for whoever has nothing to do before it stands."""
        write = Write[T](lambda connection: work(connection, *args, **kwargs))
        self._group.add(write)
        return await write.stored()

    async def write_along(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`write_together` for what has time: it goes with the next short write, in 50 ms at the latest."""
        write = Write[T](lambda connection: work(connection, *args, **kwargs))
        self._group.add(write, _ALONG_SECONDS)
        return await write.stored()

    async def migrate(self) -> None:
        """Bring the tables to this version's form. Raises ConfigurationError when the file cannot be used."""
        from conversational_rag.db.migrations import upgrade

        try:
            await asyncio.get_running_loop().run_in_executor(self._writing, upgrade, self._writer.engine)
        except DBAPIError as error:
            raise ConfigurationError(
                f"The database {self.path} cannot be used ({error.orig}); restore a backup of it, free space on its "
                "disk or make it writable, or set SESSION_DB_PATH to another file."
            ) from error

    async def ping(self) -> None:
        """Raise DatabaseUnavailable when the database cannot be written."""
        await self.write(_nothing)

    async def compact(self) -> None:
        """Take deleted text out of the write-ahead log, where it would outlive its rows."""
        await asyncio.get_running_loop().run_in_executor(self._writing, _truncate_log, self._writer)

    async def shrink(self, pages: int) -> None:
        """Cut up to so many free pages off the file's end, 256 in about 10 ms; the disk has them after `compact`.

        A file that a version before this one has made stays as it is until the command `compact` was run on it.
        """
        await asyncio.get_running_loop().run_in_executor(self._writing, _cut, self._writer, pages)

    def size_bytes(self) -> int:
        """What the database takes on disk, its write-ahead log included."""
        parts = (self.path, Path(f"{self.path}-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())

    async def close(self) -> None:
        """Finish what runs, and close."""
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._reading.shutdown()
        self._group.flush()
        self._writing.shutdown()
        self._reader.close()
        self._writer.close()


class _Connections:
    """A connection for each thread that asks, kept until it fails or all are closed."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self._own = engine, threading.local()
        self._open: list[Connection] = []
        assert engine.dialect.dbapi is not None
        self._driver_error: type[Exception] = engine.dialect.dbapi.Error

    def transact(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)` in one transaction."""
        try:
            connection = self._connection()
            with connection.begin():
                return work(connection, *args, **kwargs)
        except self._driver_error as error:  # of what went past SQLAlchemy
            named = DBAPIError.instance(None, None, error, self._driver_error)
            assert isinstance(named, DBAPIError)
            raise self._failed(named) from error
        except DBAPIError as error:
            raise self._failed(error) from error

    def driver(self) -> Any:
        """The thread's connection of sqlite3, outside of a transaction."""
        return self._connection().connection.driver_connection

    def close(self) -> None:
        """Close all, once the threads have ended."""
        for connection in self._open:
            connection.close()

    def _connection(self) -> Connection:
        kept: Connection | None = getattr(self._own, "connection", None)
        if kept is None:
            kept = self._own.connection = self.engine.connect()
            self._open.append(kept)
        return kept

    def _failed(self, error: DBAPIError) -> Exception:
        """What the caller is told."""
        # A commit that was refused leaves its transaction open.
        if not isinstance(error, IntegrityError) or self.driver().in_transaction:
            self._drop()
        return _translate(error)

    def _drop(self) -> None:
        kept: Connection | None = self._own.__dict__.pop("connection", None)
        if kept is not None:
            self._open.remove(kept)
            kept.close()


def _translate(error: DBAPIError) -> Exception:
    """A broken rule of the schema is the caller's business; anything else is the database's state."""
    if isinstance(error, IntegrityError):
        return error
    if isinstance(error, OperationalError) and "full" in str(error.orig):
        return StorageFull()
    return _unavailable(error)


def _unavailable(error: DBAPIError) -> ServiceError:
    hint = "it is read-only" if "readonly" in str(error.orig) else "try again in a moment"
    return DatabaseUnavailable(f"The database does not answer: {hint}, and look at /readyz.", retry_after=5)


def _nothing(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


def _truncate_log(connections: _Connections) -> None:
    connections.driver().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _cut(connections: _Connections, pages: int) -> None:
    # As a script: what gives rows without columns the driver executes no further than to the first of them.
    connections.driver().executescript(f"PRAGMA incremental_vacuum({pages})")


def _open_engine(path: Path, begin: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,  # each thread keeps its own
        paramstyle="named",  # a prepared statement takes its values by name
        # Transactions are begun below: the driver's own way cannot say IMMEDIATE.
        connect_args={"check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare)
    # On the driver itself: SQLAlchemy's own way takes ten times as long.
    event.listen(engine, "begin", lambda connection: connection.connection.driver_connection.execute(begin))
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    for pragma in (
        f"busy_timeout = {_BUSY_MILLISECONDS}",
        # Before all else: it is for a file in which nothing is yet (others get it from `compact`).
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        # FULL: what was acknowledged outlives a power cut as well.
        "synchronous = FULL",
        "foreign_keys = ON",
        # Deleted text is overwritten, not only unlinked.
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
