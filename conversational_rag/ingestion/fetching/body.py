"""The body of an answer on its way to the disk: unpacked, measured and hashed as it comes."""

import asyncio
import contextlib
import errno
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from conversational_rag.errors import FileTooLarge, StorageFull, UrlUnreachable

_BLOCK_BYTES = 64 * 1024
_GZIP = 31  # zlib's way to say: a gzip header, and the largest window


class Body:
    """A file that is there after the `with` block only if `finish` was reached in it.

    However much a packed body unpacks to, no more than 64 KiB of it are in memory, and no more than `max_bytes` are
    written or received. Raises FileTooLarge, UrlUnreachable for a damaged packing, StorageFull.
    """

    def __init__(self, path: Path, max_bytes: int, *, gzipped: bool) -> None:
        self._path, self._max_bytes = path, max_bytes
        self._gzip = zlib.decompressobj(_GZIP) if gzipped else None
        self._digest = hashlib.sha256()
        self._received = self.size = 0
        self._whole = False

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with _full_disk_told():
                self._file.close()
        finally:
            if not self._whole:
                self._path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Of what was written, in hexadecimal."""
        return self._digest.hexdigest()

    def expect(self, content_length: str) -> None:
        """Raises FileTooLarge at once where the sender announces too much."""
        if content_length.isdecimal():
            self._check(int(content_length))

    async def add(self, piece: bytes) -> None:
        """Take what the network gave."""
        self._received += len(piece)
        self._check(self._received)
        for block in self._unpacked(piece):
            await self._write(block)

    async def finish(self) -> None:
        """The sender has sent everything."""
        if self._gzip is not None and not self._gzip.eof:
            raise UrlUnreachable("The page's packed content breaks off before its end; try again.")
        await asyncio.to_thread(self._flush)
        self._whole = True

    def _unpacked(self, piece: bytes) -> Iterator[bytes]:
        if self._gzip is None:
            yield piece
            return
        while piece:
            if self._gzip.eof:  # several packed parts may follow one another (RFC 1952)
                self._gzip = zlib.decompressobj(_GZIP)
            try:
                yield self._gzip.decompress(piece, _BLOCK_BYTES)
            except zlib.error as error:
                raise UrlUnreachable("The page's packed content is damaged; try again.") from error
            piece = self._gzip.unconsumed_tail or self._gzip.unused_data

    async def _write(self, block: bytes) -> None:
        self.size += len(block)
        self._check(self.size)
        self._digest.update(block)
        await asyncio.to_thread(self._put, block)

    def _put(self, block: bytes) -> None:
        with _full_disk_told():
            self._file.write(block)

    def _flush(self) -> None:
        with _full_disk_told():
            self._file.flush()

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            raise FileTooLarge(
                f"The page is larger than {self._max_bytes / 1024**2:g} MB (MAX_FILE_MB); give the URL of a smaller "
                "one or raise the setting."
            )


@contextlib.contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from error
        raise
