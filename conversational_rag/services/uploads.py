"""Uploads: files on their way in. Each lies in a folder of ours under a name of ours until it has been read."""

import asyncio
import errno
import hashlib
import unicodedata
import uuid
from pathlib import Path
from typing import BinaryIO

from conversational_rag.errors import BadInput, FileTooLarge, StorageFull
from conversational_rag.services.documents import Upload

_COPY_BYTES = 1024 * 1024
_MAX_NAME_CHARACTERS = 255


class UploadFolder:
    """Receives files; `max_bytes` is the largest that is taken."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes

    def prepare(self) -> None:
        """Make the folder, and clear what a crash left in it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._folder.iterdir():
            leftover.unlink()

    async def receive(self, filename: str, stream: BinaryIO) -> Upload:
        """Copy the file into the folder. A bad name or size is noted in `refused`. Raises StorageFull."""
        return await asyncio.to_thread(self._receive, filename, stream)

    async def discard(self, upload: Upload) -> None:
        """Remove the file; nothing happens when it is not there."""
        await asyncio.to_thread(upload.path.unlink, missing_ok=True)

    def _receive(self, filename: str, stream: BinaryIO) -> Upload:
        path = self._folder / uuid.uuid4().hex
        try:
            sha256, size = self._copy(stream, path)
        except OSError as error:
            path.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull from error
            raise
        return Upload(path, _shown(filename), sha256, size, refused=_check_name(filename) or self._check_size(size))

    def _copy(self, stream: BinaryIO, path: Path) -> tuple[str, int]:
        """The copied part's hash and size; a file that is too large is not copied to its end."""
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as copy:
            while size <= self._max_bytes and (block := stream.read(_COPY_BYTES)):
                digest.update(block)
                copy.write(block)
                size += len(block)
        return digest.hexdigest(), size

    def _check_size(self, size: int) -> BadInput | None:
        if size <= self._max_bytes:
            return None
        return FileTooLarge(
            f"The file is larger than {self._max_bytes / 1024**2:g} MB (MAX_FILE_MB); split it or raise the setting."
        )


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
