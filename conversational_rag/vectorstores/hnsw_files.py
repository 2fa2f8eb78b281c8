"""The files of Chroma's indexes: a directory each, named with a UUID, which Chroma does not tell and does not check."""

import contextlib
import os
import re
import shutil
import struct
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# How hnswlib begins header.bin (saveIndex; Chroma puts a version first): the version, the offset of level 0, the
# capacity, the number of elements, the bytes of each.
_HEADER = struct.Struct("<iQQQQ")
_KNOWN_VERSION = 1
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where each collection's index lies: the names of the directories by the collection's id."""

    names: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    """The ids of the collections whose index has been written, so that its files must be there."""
    swept: set[str] = field(default_factory=set)
    """The directories that belonged to no collection, and are gone."""


def directories(path: Path) -> set[str]:
    """The names of the directories in `path` that hold an index."""
    with os.scandir(path) as entries:
        return {entry.name for entry in entries if is_index(entry.name) and entry.is_dir(follow_symlinks=False)}


def names(path: Path) -> set[str]:
    """The names of all that is in `path`: 1 ms for 5,000, a tenth of what it takes to look at each."""
    return set(os.listdir(path))  # noqa: PTH208 see above


def is_index(name: str) -> bool:
    """Whether Chroma names a directory like that."""
    return _UUID.fullmatch(name) is not None


def remove(path: Path, names: Collection[str]) -> None:
    """Delete these index directories; one that is not there is fine.

    Chroma holds an index's files open until another takes its place in memory. Emptied, they take no room meanwhile.
    """
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            for file in (path / name).iterdir():
                if file.is_file() and not file.is_symlink():
                    os.truncate(file, 0)
            shutil.rmtree(path / name)


def missing_from(directory: Path) -> str | None:
    """What an index lacks on disk, None when it is whole as far as the sizes of its files tell (about 30 microseconds).

    Chroma does not notice that a write met a full disk, and makes files that are gone anew; either way vectors are
    lost without a word.
    """
    try:
        if not (directory / "index_metadata.pickle").stat().st_size:
            return "index_metadata.pickle is empty"
        version, _, _, count, element_bytes = _HEADER.unpack_from((directory / "header.bin").read_bytes())
        if version != _KNOWN_VERSION:
            return None  # another layout: not for us to judge
        wanted = {"data_level0.bin": count * element_bytes, "length.bin": count * _LENGTH_BYTES}
        short = [name for name, size in wanted.items() if (directory / name).stat().st_size < size]
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is not there"
    except struct.error:
        return "header.bin is too short"
    return f"{short[0]} is too short" if short else None
