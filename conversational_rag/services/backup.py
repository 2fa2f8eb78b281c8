"""Backup: one archive of everything that cannot be made again, taken from beside an instance that runs or not.

The database as it stands at one moment, the originals that belong to it, and the file without which its keys could not
be told from others. Not the vector index, which is made from the database; not the settings.
"""

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conversational_rag.concurrency.lockfile import LockFile
from conversational_rag.db import database_file, records
from conversational_rag.db.engine import Database
from conversational_rag.errors import DataInUse
from conversational_rag.security import pepper
from conversational_rag.services import archives
from conversational_rag.services.archives import Kind

BACKUP = Kind("conversational_rag backup", 1)
DATABASE = "database.sqlite3"
FILES = "files"
PEPPER = "key_pepper.txt"
_LINKS = ".backup"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup holds: rows by table, the originals, and its own size in bytes."""

    counts: Mapping[str, int]
    files: int
    bytes: int


async def save(database_path: Path, uploads: Path, target: Path, now: float) -> Saved:
    """Write the backup to `target`, whose folder needs room for a copy of the database beside it.

    Raises StorageFull, BadInput, DataInUse while another backup is being taken.
    """
    lock = LockFile(uploads.parent / f"{_LINKS}.lock")
    try:
        lock.acquire()
    except DataInUse as error:
        raise DataInUse("Another backup of this data is being taken; wait for its end.") from error
    links = uploads.parent / _LINKS
    try:
        shutil.rmtree(links, ignore_errors=True)  # of a backup that was killed
        links.mkdir()
        with archives.scratch_beside(target) as scratch:
            snapshot = scratch / DATABASE
            database_file.copy(database_path, snapshot, lambda: _link_all(uploads, links))
            # Once it is there it does not change, and a key in the snapshot means that it was there.
            own = uploads.parent / pepper.FILENAME
            return await _pack(snapshot, links, {PEPPER: own} if own.exists() else {}, target, now)
    finally:
        shutil.rmtree(links, ignore_errors=True)
        lock.release()


def _link_all(uploads: Path, links: Path) -> None:
    """Hold on to the originals of this moment: a document that is deleted meanwhile takes its file with it."""
    for file in uploads.iterdir() if uploads.exists() else ():
        link_or_copy(file, links / file.name)


def link_or_copy(file: Path, link: Path) -> None:
    """Another name for a file that is never changed; it outlives the first. One that is gone is left out."""
    with contextlib.suppress(FileNotFoundError):
        try:
            os.link(file, link)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                raise
            shutil.copyfile(file, link)  # another disk, or one without links


async def _pack(snapshot: Path, links: Path, secrets: Mapping[str, Path], target: Path, now: float) -> Saved:
    database = Database(snapshot)
    try:
        summary = await database.read(records.summary)
    finally:
        await database.close()
    files = {f"{FILES}/{each}": links / each for each in sorted(summary.originals) if (links / each).exists()}
    about = {
        "created_at": now,
        "schema": summary.revision,
        "embedding_fingerprints": summary.fingerprints,
        "counts": {**summary.counts, "files": len(files)},
    }
    size = archives.write(target, BACKUP, about, {DATABASE: snapshot, **secrets, **files})
    return Saved(summary.counts, len(files), size)
