"""What Chroma's directory needs before Chroma is there: one owner, a well-kept database, nobody's files gone.

Nothing here may run while Chroma is open in the same process: two SQLite libraries in one process drop each
other's locks, and writes are lost.
"""

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from conversational_rag.vectorstores import hnsw_files
from conversational_rag.vectorstores.hnsw_files import Indexes

_LOCK = "chroma.lock"
_DATABASE = "chroma.sqlite3"
_POLL_SECONDS = 0.05
_REWRITABLE_BYTES = 256 * 1024 * 1024  # about two seconds


class DirectoryInUse(Exception):
    """Another process holds the directory."""


def lock(path: Path, wait_seconds: float) -> int:
    """Make the directory when it is not there, and own it until the returned descriptor is closed.

    Waits, because the process that had it before may still be finishing a write. Raises DirectoryInUse.
    """
    path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + wait_seconds
    while not _try_lock(descriptor):
        if time.monotonic() >= deadline:
            os.close(descriptor)
            raise DirectoryInUse(f"not free within {wait_seconds:g} seconds")
        time.sleep(_POLL_SECONDS)
    return descriptor


def prepare(path: Path, create_schema: Callable[[], None]) -> Indexes:
    """Ready the database for Chroma, and delete the indexes that belong to no collection.

    `create_schema` must make Chroma's tables, in another process. Raises sqlite3.DatabaseError when the file is
    no database.
    """
    if not _has_schema(path):
        create_schema()
    with contextlib.closing(_connect(path)) as database:
        _tune(database)
        indexes = _indexes(database)
    indexes.swept.update(hnsw_files.directories(path) - set(indexes.names.values()))
    hnsw_files.remove(path, indexes.swept)
    return indexes


def erase(path: Path, wait_seconds: float) -> None:
    """Delete what Chroma has written and nothing else. Raises DirectoryInUse."""
    descriptor = lock(path, wait_seconds)
    try:
        for file in path.glob(f"{_DATABASE}*"):
            file.unlink()
        hnsw_files.remove(path, hnsw_files.directories(path))
    finally:
        os.close(descriptor)


def compact(path: Path, wait_seconds: float) -> None:
    """Rewrite the database without what was deleted from it. Raises DirectoryInUse and sqlite3.Error."""
    descriptor = lock(path, wait_seconds)
    try:
        with contextlib.closing(_connect(path)) as database:
            database.execute("vacuum")
            database.execute("pragma wal_checkpoint(truncate)").fetchall()
    finally:
        os.close(descriptor)


def size_bytes(path: Path) -> int:
    """What all files below `path` take."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path / _DATABASE, isolation_level=None)


def _has_schema(path: Path) -> bool:
    with contextlib.closing(_connect(path)) as database:
        tables = database.execute("select name from sqlite_master where name = 'embeddings_queue'").fetchall()
    return bool(tables)


def _tune(database: sqlite3.Connection) -> None:
    """What Chroma leaves out: the file shrinks when clients go, adds need fewer fsyncs, and each scans its own rows.

    Without the indexes a question to a collection reads every other's rows in the queue and its entry in the list.
    """
    if database.execute("pragma auto_vacuum").fetchone() == (0,) and _size_bytes(database) < _REWRITABLE_BYTES:
        database.execute("pragma auto_vacuum = full")
        database.execute("vacuum")
    database.execute("pragma journal_mode = wal")
    database.execute("create index if not exists embeddings_queue_by_topic on embeddings_queue (topic, seq_id)")
    database.execute("create index if not exists segments_by_collection on segments (collection)")


def _indexes(database: sqlite3.Connection) -> Indexes:
    rows = database.execute(
        "select collection, id, id in (select segment_id from max_seq_id) from segments where scope = 'VECTOR'"
    ).fetchall()
    names = {collection: name for collection, name, _ in rows}
    return Indexes(names, {collection for collection, _, written in rows if written})


def _size_bytes(database: sqlite3.Connection) -> int:
    size: int = database.execute("select page_count * page_size from pragma_page_count, pragma_page_size").fetchone()[0]
    return size
