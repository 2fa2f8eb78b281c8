"""Restoring: a backup becomes the data of an instance that does not run.

All of it is unpacked, compared and brought up to date beside the former data, and only then put in its place.
"""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conversational_rag.db import database_file, migrations, records
from conversational_rag.db.engine import Database
from conversational_rag.errors import BadInput
from conversational_rag.security import pepper
from conversational_rag.services import archives
from conversational_rag.services.backup import BACKUP, DATABASE, FILES, PEPPER
from conversational_rag.vectorstores.base import VectorStore

_STAGE = ".restore"


@dataclass(frozen=True, slots=True)
class Places:
    """Where an instance's data lies."""

    database: Path
    uploads: Path

    @property
    def pepper(self) -> Path:
        """What its keys are mixed with, where that is no setting."""
        return self.uploads.parent / pepper.FILENAME


@dataclass(frozen=True, slots=True)
class Restored:
    """What an instance holds now; `aside` are the folders to which its former data was moved."""

    clients: int
    documents: int
    files: int
    aside: tuple[Path, ...]


async def restore(source: Path, places: Places, store: VectorStore, *, replace: bool, stamp: str) -> Restored:
    """Put the backup in the place of what is there; the caller holds the data. `stamp` names the former data's folder.

    The vector index is emptied: the server makes it anew from the database. Raises BadInput when there is data and not
    `replace`, when the archive is damaged, no backup, or of a newer version; StorageFull, IndexUnavailable.
    """
    if _has_data(places) and not replace:
        raise BadInput(
            f"There is data in {places.uploads.parent} already; restore into another DATA_DIR, or say --replace: "
            "the former data is then kept beside it."
        )
    await asyncio.to_thread(_require_known_schema, source)
    staged = Places(places.database.parent / _STAGE / DATABASE, places.uploads.parent / _STAGE / FILES)
    _clear(staged)
    try:
        await asyncio.to_thread(_unpack, source, staged)
        held = await _bring_up_to_date(staged.database)
        await store.reset()
        files = len(list(staged.uploads.iterdir()))
        aside = await asyncio.to_thread(_install, staged, places, f"replaced-{stamp}")
    finally:
        _clear(staged)
    return Restored(held["clients"], held["documents"], files, aside)


def _has_data(places: Places) -> bool:
    return places.database.exists() or (places.uploads.exists() and any(places.uploads.iterdir()))


def _require_known_schema(source: Path) -> None:
    revision = archives.read_manifest(source, BACKUP).get("schema")
    if not isinstance(revision, str) or not migrations.is_known(revision):
        raise BadInput(
            f"{source} was made by a newer version of this program (tables {revision}, here {migrations.HEAD}); "
            "nothing was changed. Restore it with that version."
        )


def _unpack(source: Path, staged: Places) -> None:
    for folder in (staged.database.parent, staged.uploads):
        folder.mkdir(parents=True, exist_ok=True)
    archives.unpack(source, BACKUP, _placed_in(source, staged))
    if staged.pepper.exists():
        staged.pepper.chmod(0o600)
    if not staged.database.exists():
        raise archives.damaged(source, "it holds no database")
    if found := database_file.damage(staged.database):
        raise archives.damaged(source, found[0])


def _placed_in(source: Path, staged: Places) -> Callable[[str], Path]:
    def place(name: str) -> Path:
        folder, _, document_id = name.rpartition("/")
        if folder == FILES:
            return staged.uploads / document_id
        if name == DATABASE:
            return staged.database
        if name == PEPPER:
            return staged.pepper
        raise archives.damaged(source, f"{name!r} is no part of a backup")

    return place


async def _bring_up_to_date(path: Path) -> dict[str, int]:
    database = Database(path)
    try:
        await database.migrate()
        await database.write(records.admin_distrust_indexes)
        held = await database.read(records.summary)
        await database.compact()
    finally:
        await database.close()
    return held.counts


def _install(staged: Places, places: Places, aside: str) -> tuple[Path, ...]:
    """A few renames; what was there is moved, not deleted."""
    moved = [_move_aside(path, aside) for path in database_file.files(places.database)]
    if places.uploads.exists():
        moved.append(_move_aside(places.uploads, aside))
    places.uploads.parent.mkdir(parents=True, exist_ok=True)
    if staged.pepper.exists():
        if places.pepper.exists():
            moved.append(_move_aside(places.pepper, aside))
        staged.pepper.rename(places.pepper)
    staged.uploads.rename(places.uploads)
    staged.database.rename(places.database)
    return tuple(dict.fromkeys(moved))


def _move_aside(path: Path, name: str) -> Path:
    folder = path.parent / name
    folder.mkdir(exist_ok=True)
    path.rename(folder / path.name)
    return folder


def _clear(staged: Places) -> None:
    for folder in (staged.database.parent, staged.uploads.parent):
        shutil.rmtree(folder, ignore_errors=True)
