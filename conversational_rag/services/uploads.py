"""Uploads: the files as they came in. Each lies in a folder of ours under its document's id, never under its name."""

import asyncio
import errno
import hashlib
import os
import shutil
import unicodedata
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from conversational_rag.errors import BadInput, FileTooLarge, ServiceError, StorageFull, Unavailable

_COPY_BYTES = 1024 * 1024
_MAX_NAME_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived: the document it becomes, what its owner calls it, and why it was refused, if it was."""

    document_id: str
    filename: str
    sha256: str
    bytes: int
    refused: BadInput | None = None


class UploadFolder:
    """Receives files and keeps them; `max_bytes` is the largest taken, `min_free_bytes` stay free on the disk."""

    def __init__(self, folder: Path, max_bytes: int, min_free_bytes: int = 0) -> None:
        self._folder, self._max_bytes, self._min_free_bytes = folder, max_bytes, min_free_bytes

    def prepare(self, known: Collection[str]) -> None:
        """Make the folder, and clear what belongs to no document, as a crash leaves it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in self.names() - set(known):
            (self._folder / name).unlink()

    def names(self) -> set[str]:
        """The document ids whose files lie here."""
        return {path.name for path in self._folder.iterdir() if path.is_file()}

    def path(self, document_id: str) -> Path:
        """Where the document's file lies."""
        return self._folder / document_id

    async def receive(self, filename: str, stream: BinaryIO) -> Upload:
        """Copy the file into the folder. A bad name or size is noted in `refused`. Raises StorageFull, Unavailable."""
        return await asyncio.to_thread(self._receive, filename, stream)

    async def adopt(self, document_id: str, filename: str, sha256: str, size: int) -> Upload:
        """Take a file that was written to `path(document_id)` as it came. Raises StorageFull, Unavailable."""
        await asyncio.to_thread(self._secure, document_id)
        return Upload(document_id, _shown(filename), sha256, size, _check_name(filename) or self._check_size(size))

    async def discard(self, document_ids: Iterable[str]) -> int:
        """Remove these documents' files; how many bytes went. One that is not there is passed over."""
        return await asyncio.to_thread(self._discard, tuple(document_ids))

    async def sweep(self, document_ids: Iterable[str]) -> int:
        """Look again whether these documents' files are gone; how many were not, and are now."""
        left = await asyncio.to_thread(lambda: [each for each in document_ids if self.path(each).exists()])
        await self.discard(left)
        return len(left)

    def _secure(self, document_id: str) -> None:
        try:
            with self.path(document_id).open("rb") as file:
                os.fsync(file.fileno())
            _sync_names(self._folder)
        except OSError as error:
            raise _translate(error) from error

    def _discard(self, document_ids: Iterable[str]) -> int:
        freed = 0
        for path in map(self.path, document_ids):
            if path.exists():
                freed += path.stat().st_size
                path.unlink(missing_ok=True)
        return freed

    def _receive(self, filename: str, stream: BinaryIO) -> Upload:
        document_id = new_document_id()
        path = self.path(document_id)
        try:
            self._check_room()
            sha256, size = self._copy(stream, path)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _translate(error) from error
        refused = _check_name(filename) or self._check_size(size)
        return Upload(document_id, _shown(filename), sha256, size, refused)

    async def ping(self) -> None:
        """Raise StorageFull or Unavailable when no file could be received now."""
        await asyncio.to_thread(self._ping)

    def _ping(self) -> None:
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise Unavailable("The server cannot write into its folder of uploads (DATA_DIR): no file can be received.")
        self._check_room()

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if not free:
            raise StorageFull
        if free < self._min_free_bytes:
            raise StorageFull(
                f"Less than {self._min_free_bytes / 1024**2:g} MB (MIN_FREE_DISK_MB) are free on the server's disk; "
                "nothing was stored. Free some space and send it again."
            )

    def _copy(self, stream: BinaryIO, path: Path) -> tuple[str, int]:
        """The copied part's hash and size; a file that is too large is not copied to its end."""
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as copy:
            while size <= self._max_bytes and (block := stream.read(_COPY_BYTES)):
                digest.update(block)
                copy.write(block)
                size += len(block)
            # What is acknowledged outlives a power cut.
            copy.flush()
            os.fsync(copy.fileno())
        _sync_names(self._folder)
        return digest.hexdigest(), size

    def _check_size(self, size: int) -> BadInput | None:
        if size <= self._max_bytes:
            return None
        return FileTooLarge(
            f"The file is larger than {self._max_bytes / 1024**2:g} MB (MAX_FILE_MB); split it or raise the setting."
        )


def new_document_id() -> str:
    """The id of a document that is about to arrive."""
    return f"doc_{uuid.uuid4().hex}"


def _sync_names(folder: Path) -> None:
    """A new file's name stands in its folder, which is on the disk only when that is said too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _translate(error: OSError) -> ServiceError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull()
    reason = (error.strerror or type(error).__name__).lower()
    return Unavailable(f"The server cannot keep files in DATA_DIR: {reason}; nothing was stored.", retry_after=30)


def _check_name(filename: str) -> BadInput | None:
    if not filename.strip() or filename in (".", ".."):
        return BadInput("The file has no name; send one with it.")
    if len(filename) > _MAX_NAME_CHARACTERS:
        return BadInput(f"The file's name is longer than {_MAX_NAME_CHARACTERS} characters; shorten it.")
    if any(char in "/\\" or unicodedata.category(char) in ("Cc", "Cs") for char in filename):
        return BadInput("The file's name holds a folder or control characters; send the bare name.")
    return None


def _shown(filename: str) -> str:
    """The name as it can be stored and shown, whatever is in it."""
    printable = "".join(
        char if unicodedata.category(char) not in ("Cc", "Cs") else "\N{REPLACEMENT CHARACTER}" for char in filename
    )
    return unicodedata.normalize("NFC", printable)[:_MAX_NAME_CHARACTERS]
