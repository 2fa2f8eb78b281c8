"""The database as a file: whether it is sound, a copy of it while it is in use, and its room on the disk."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from conversational_rag.errors import BadInput, ConfigurationError, DatabaseUnavailable, ServiceError, StorageFull

_MOST_MESSAGES = 20
_STEP_PAGES = 4096
_BUSY_SECONDS = 10.0


def damage(path: Path) -> list[str]:
    """What SQLite finds wrong with the file; nothing when there is none."""
    if not path.exists():
        return []
    try:
        with _opened(path) as database:
            found = database.execute(f"PRAGMA integrity_check({_MOST_MESSAGES})").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [message for (message,) in found if message != "ok"]


def require_usable(path: Path) -> None:
    """Raises ConfigurationError when what is at `path` is no database; there may be nothing yet."""
    if not path.exists():
        return
    try:
        with _opened(path) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(
            f"The database {path} cannot be read ({error}); restore a backup of it, or set SESSION_DB_PATH (or "
            "DATA_DIR) to another place."
        ) from error


def copy(path: Path, target: Path, when_pinned: Callable[[], None]) -> None:
    """Copy the database as it stands at one moment, also while another process writes to it.

    The writer is not kept waiting: it goes on in the write-ahead log. `when_pinned` is called right after that moment.
    Raises BadInput when there is no database, StorageFull, DatabaseUnavailable.
    """
    if not path.exists():
        raise BadInput(f"There is no database at {path} (DATA_DIR, SESSION_DB_PATH): nothing to copy.")
    with _translated(), _opened(path) as source, contextlib.closing(sqlite3.connect(target)) as copied:
        # An open read transaction holds the moment: the copy is not begun anew whenever somebody writes.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        when_pinned()
        source.backup(copied, pages=_STEP_PAGES, sleep=0)
        source.execute("ROLLBACK")
        # One file, without a log beside it.
        copied.execute("PRAGMA journal_mode = DELETE").fetchone()


def compact(path: Path) -> None:
    """Give the disk back what deleted rows took; nobody else may use the file. Raises StorageFull."""
    with _translated(), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO chunk_words(chunk_words) VALUES ('optimize')")
        # Files of former versions cannot shrink while they are in use; from here on they can.
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def files(path: Path) -> list[Path]:
    """The files that make up the database at `path`: itself, and its log while there is one."""
    parts = (path, Path(f"{path}-wal"), Path(f"{path}-shm"))
    return [part for part in parts if part.exists()]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    database = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _translate(error) from error


def _translate(error: sqlite3.DatabaseError) -> ServiceError:
    if "full" in str(error):
        return StorageFull("There is no room left on the disk; nothing was changed. Free some space and try again.")
    return DatabaseUnavailable(f"The database cannot be read or written ({error}); run `check` to see more.")
