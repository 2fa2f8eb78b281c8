"""The claim on the data: one process works with it at a time."""

from pathlib import Path

from conversational_rag.concurrency.lockfile import LockFiles
from conversational_rag.db import database_file
from conversational_rag.errors import DataInUse


def data_locks(data_dir: Path, database: Path) -> LockFiles:
    """The locks on DATA_DIR and on the folder of the database, which may be another."""
    return LockFiles(data_dir / ".lock", database.parent / ".lock")


def is_claimed(data_dir: Path, database: Path) -> bool:
    """Whether another process holds the data."""
    try:
        data_locks(data_dir, database).probe()
    except DataInUse:
        return True
    return False


def probe_data(data_dir: Path, database: Path) -> None:
    """Raises StartError when the data is in use, cannot be written, or is no database."""
    data_locks(data_dir, database).probe()
    database_file.require_usable(database)
