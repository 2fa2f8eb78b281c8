"""From a file on disk to its chunks: each file is read in a child process, and fails alone if it must."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from conversational_rag.concurrency.child import ChildDied, ChildRefused, ChildTimedOut
from conversational_rag.concurrency.frames import Frame
from conversational_rag.errors import (
    BadInput,
    EmptyFile,
    EncryptedFile,
    InternalError,
    NoText,
    ParsingLimit,
    ServiceError,
    UnreadableFile,
    UnsupportedFile,
)
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, Page
from conversational_rag.ingestion.parser_pool import ParserPool
from conversational_rag.ingestion.splitting import Chunk, check_sizes

_IDLE_SECONDS = 300.0
_VERDICTS: dict[str, type[BadInput]] = {
    error.__name__: error for error in (EmptyFile, EncryptedFile, NoText, ParsingLimit, UnreadableFile, UnsupportedFile)
}
_OUR_FAULTS = {"FileNotFoundError", "PermissionError", "ImportError", "ModuleNotFoundError"}
# How a process ends that asked for more memory than it may have; PDFium aborts or traps.
_MEMORY_SIGNALS = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGKILL}
_NO_WORDS = "holds no text, perhaps pictures only: run text recognition (OCR) on them, then upload it."
# What a file is called, and said to lack, whose loader found nothing; a PDF is told that it is a scan.
_WITHOUT_TEXT = {
    **dict.fromkeys((Kind.DOCX, Kind.DOC, Kind.ODT), f"The document {_NO_WORDS}"),
    Kind.PPTX: f"The presentation {_NO_WORDS}",
    Kind.EPUB: f"The e-book {_NO_WORDS}",
    Kind.XLSX: "The workbook's sheets hold no values; hidden ones are not read: look at what was exported.",
}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What a file holds; see LoadedDocument. `page_count` is None where the format has no pages.

    `repeated_share` (0 to 1) is of characters in lines that had come before.
    """

    kind: Kind
    page_count: int | None
    pages: tuple[Page, ...]
    chunks: tuple[Chunk, ...]
    encoding: str | None = None
    notes: tuple[str, ...] = ()
    repeated_share: float = 0.0

    @property
    def characters(self) -> int:
        """Characters of text in all pages."""
        return sum(len(page.text) for page in self.pages)

    @property
    def pages_without_text(self) -> tuple[int, ...]:
        """The numbers of the pages that hold no text, as a scanned one among others."""
        return tuple(page.number for page in self.pages if page.number is not None and not page.text.strip())


class Reader:
    """Reads files in child processes; a file that hangs, kills or swells its own costs only itself."""

    def __init__(
        self,
        seconds: float,
        memory_bytes: int,
        limits: Limits | None = None,
        *,
        children: int = 1,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        """`seconds` of wall time for one file, `memory_bytes` of address space for each of the `children`, which are
        started when they are needed and ended after `idle_seconds` without a file."""
        self._seconds, self._memory_bytes = seconds, memory_bytes
        self._limits = asdict(limits or Limits())
        self._pool = ParserPool(memory_bytes, children, idle_seconds)

    async def read(self, path: Path, filename: str, chunk_size: int, chunk_overlap: int) -> ParsedFile:
        """The pages and chunks of the file at `path`, which its owner calls `filename`; sizes are in characters.

        Raises UnsupportedFile, UnreadableFile, EncryptedFile, EmptyFile, NoText (its `extensions` have `pages`),
        ParsingLimit; ValueError unless 0 <= chunk_overlap < chunk_size.
        """
        check_sizes(chunk_size, chunk_overlap)
        arguments = {"path": str(path), "filename": filename, "chunk_size": chunk_size, "chunk_overlap": chunk_overlap}
        answer = await self._parse({**arguments, "limits": self._limits, "seconds": self._seconds})
        return await asyncio.to_thread(_understood, answer)

    async def close(self) -> None:
        """Let the files that are being read end, then the children."""
        await self._pool.close()

    async def _parse(self, arguments: dict[str, Any]) -> Frame:
        try:
            return await self._pool.parse(arguments, self._seconds)
        except ChildTimedOut as failure:
            raise self._took_too_long() from failure
        except ChildDied as failure:
            raise self._cause_of_death(failure) from failure
        except ChildRefused as failure:
            raise self._verdict(failure) from failure

    def _verdict(self, failure: ChildRefused) -> ServiceError:
        """The child's error as raised there; what no loader has a row for means that the file is damaged."""
        if failure.kind in _VERDICTS:
            return _VERDICTS[failure.kind](failure.message)
        if failure.kind == MemoryError.__name__:
            return self._took_too_much()
        _log.warning("file_parser_failed", error=failure.kind, message=failure.message)
        return InternalError() if failure.kind in _OUR_FAULTS else UnreadableFile()

    def _cause_of_death(self, failure: ChildDied) -> ServiceError:
        _log.warning("file_parser_died", exit_code=failure.exit_code)
        if failure.exit_code is None or failure.exit_code >= 0:
            return InternalError()
        if -failure.exit_code == signal.SIGXCPU:
            return self._took_too_long()
        return self._took_too_much() if -failure.exit_code in _MEMORY_SIGNALS else UnreadableFile()

    def _took_too_long(self) -> ParsingLimit:
        return ParsingLimit(
            f"Reading the file took more than {self._seconds:g} seconds (PARSING_SECONDS); split the file."
        )

    def _took_too_much(self) -> ParsingLimit:
        megabytes = self._memory_bytes // 2**20
        return ParsingLimit(
            f"Reading the file took more than {megabytes} MB of memory (PARSING_MEMORY_MB); split the file."
        )


def _understood(answer: Frame) -> ParsedFile:
    result, texts = answer.header["result"], _cut(answer)
    pages = tuple(Page(number, next(texts), place) for number, place, _length in result["pages"])
    chunks = tuple(
        Chunk(ordinal, page, start, next(texts), place)
        for ordinal, (page, place, start, _length) in enumerate(result["chunks"])
    )
    if not chunks:
        raise NoText(_WITHOUT_TEXT.get(Kind(result["kind"])), pages=result["page_count"])
    return ParsedFile(
        kind=Kind(result["kind"]),
        page_count=result["page_count"],
        pages=pages,
        chunks=chunks,
        encoding=result["encoding"],
        notes=tuple(result["notes"]),
        repeated_share=result["repeated_share"],
    )


def _cut(answer: Frame) -> Iterator[str]:
    """The texts that the payload holds one behind the other: all pages, then all chunks."""
    text, position = answer.payload.decode(), 0
    for *_place, length in (*answer.header["result"]["pages"], *answer.header["result"]["chunks"]):
        yield text[position : position + length]
        position += length
