"""Archives: a manifest and the files it names, with their sizes and hashes, in one .tar.gz; whole or not at all.

The reader trusts nothing: the manifest comes first and says what follows, names are compared with a pattern, and no
more is unpacked than the manifest has announced and the disk can take.
"""

import errno
import gzip
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from conversational_rag.errors import BadInput, StorageFull

_MANIFEST = "manifest.json"
_MOST_MANIFEST_BYTES = 256 * 1024 * 1024
_BLOCK_BYTES = tarfile.BLOCKSIZE
_COPY_BYTES = 1024 * 1024
# Originals are mostly compressed already: a higher level costs time and saves little.
_LEVEL = 3
_SPARE_BYTES = 16 * 1024 * 1024
_NAME = re.compile(r"([a-z0-9_]+\.[a-z0-9]+|(files)/[A-Za-z0-9_-]{1,80})")


@dataclass(frozen=True, slots=True)
class Kind:
    """What an archive is, and the version of its layout."""

    format: str
    version: int


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    bytes: int
    sha256: str


def write(target: Path, kind: Kind, about: Mapping[str, Any], members: Mapping[str, Path]) -> int:
    """Write the archive of these files by their names in it; its size in bytes.

    The files must not change meanwhile. Raises StorageFull, and BadInput when `target` cannot be written.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _told(target):
            _write(part, kind, about, members)
            size = part.stat().st_size
            part.rename(target)
            _sync_directory(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return size


def read_manifest(source: Path, kind: Kind) -> dict[str, Any]:
    """What the archive says of itself. Raises BadInput when it is none of this kind and version."""
    with _unpacking(source) as stream:
        return _manifest(source, kind, stream)


def unpack(source: Path, kind: Kind, place: Callable[[str], Path]) -> dict[str, Any]:
    """Unpack every file to where `place` puts its name, and compare hashes; the manifest.

    The folders must exist. Raises BadInput when the archive is damaged or no such archive, StorageFull.
    """
    with _unpacking(source) as stream:
        manifest = _manifest(source, kind, stream)
        members = _members(source, manifest)
        _require_room(members, place)
        for member in members:
            name, size = _header(source, stream)
            if (name, size) != (member.name, member.bytes):
                raise damaged(source, f"{name!r} stands where {member.name!r} should")
            if _copy(stream, place(name), size) != member.sha256:
                raise damaged(source, f"{name!r} is not what was written")
        return manifest


@contextmanager
def scratch_beside(target: Path) -> Iterator[Path]:
    """A folder on the disk of the archive, for what goes into it. Raises BadInput and StorageFull."""
    with _told(target), tempfile.TemporaryDirectory(prefix=".archive-", dir=target.absolute().parent) as scratch:
        yield Path(scratch)


def damaged(source: Path, reason: str) -> BadInput:
    """The error of an archive that cannot be used."""
    return BadInput(f"{source} is damaged ({reason}); nothing was changed. Use another copy of it.")


def _write(part: Path, kind: Kind, about: Mapping[str, Any], members: Mapping[str, Path]) -> None:
    listed = [_Member(name, path.stat().st_size, _hash(path)) for name, path in members.items()]
    manifest = {"format": kind.format, "version": kind.version, **about, "members": [asdict(each) for each in listed]}
    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as stream:
            _append(stream, _MANIFEST, len(text), iter([text]))
            for member in listed:
                _append(stream, member.name, member.bytes, _blocks(members[member.name]))
            stream.write(bytes(2 * _BLOCK_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _append(stream: gzip.GzipFile, name: str, size: int, blocks: Iterator[bytes]) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    stream.write(header.tobuf(tarfile.GNU_FORMAT))
    for block in blocks:
        stream.write(block)
    stream.write(bytes(-size % _BLOCK_BYTES))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_COPY_BYTES):
            yield block


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _manifest(source: Path, kind: Kind, stream: BinaryIO) -> dict[str, Any]:
    name, size = _header(source, stream)
    if name != _MANIFEST or size > _MOST_MANIFEST_BYTES:
        raise BadInput(f"{source} is no archive of this program: it does not begin with a manifest.")
    try:
        manifest = json.loads(_read(source, stream, size))
        found = Kind(manifest["format"], manifest["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(source, "its manifest cannot be read") from error
    _read(source, stream, -size % _BLOCK_BYTES)
    if found.format != kind.format:
        raise BadInput(f"{source} is a {found.format!r} archive, and here a {kind.format!r} archive is needed.")
    if found.version != kind.version:
        raise BadInput(
            f"{source} has version {found.version} of its layout, and this program reads {kind.version}; "
            "use the version of the program that wrote it, or a newer one."
        )
    assert isinstance(manifest, dict)
    return manifest


def _members(source: Path, manifest: Mapping[str, Any]) -> list[_Member]:
    try:
        members = [_Member(str(each["name"]), int(each["bytes"]), str(each["sha256"])) for each in manifest["members"]]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(source, "its manifest does not list its files") from error
    names = [member.name for member in members]
    if len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)) or any(m.bytes < 0 for m in members):
        raise damaged(source, "its manifest names files that cannot be")
    return members


def _require_room(members: Sequence[_Member], place: Callable[[str], Path]) -> None:
    by_folder: dict[Path, int] = {}
    for member in members:
        folder = place(member.name).parent
        by_folder[folder] = by_folder.get(folder, _SPARE_BYTES) + member.bytes
    for folder, needed in by_folder.items():
        if shutil.disk_usage(folder).free < needed:
            raise StorageFull(
                f"The archive unpacks to {needed / 1024**2:.0f} MB, and {folder} has less room; nothing was changed."
            )


def _header(source: Path, stream: BinaryIO) -> tuple[str, int]:
    """The name and size of the next file. No other kind of entry is known: no link, no folder, no extension."""
    block = _read(source, stream, _BLOCK_BYTES)
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise damaged(source, "a file's header cannot be read") from error
    if header.type != tarfile.REGTYPE or header.size < 0:
        raise damaged(source, f"{header.name!r} is no plain file")
    return header.name, header.size


def _copy(stream: BinaryIO, target: Path, size: int) -> str:
    digest, left = hashlib.sha256(), size
    with target.open("xb") as file:
        while left and (block := stream.read(min(left, _COPY_BYTES))):
            digest.update(block)
            file.write(block)
            left -= len(block)
        file.flush()
        os.fsync(file.fileno())
    stream.read(-size % _BLOCK_BYTES)
    return "" if left else digest.hexdigest()


def _read(source: Path, stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise damaged(source, "it ends too early")
    return content


@contextmanager
def _unpacking(source: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(source, "rb") as stream:
            yield stream  # type: ignore[misc]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(source, "it is cut off or no .tar.gz") from error
    except OSError as error:
        raise _no_room(error, source) from error


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _no_room(error, target) from error


def _no_room(error: OSError, path: Path) -> BadInput | StorageFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(f"There is no room left on the disk for {path}; no half file was left. Free some space.")
    return BadInput(f"{error.filename or path} cannot be read or written: {error.strerror}.")


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
