"""From a file on disk to its chunks: each file is read in a child process, and fails alone if it must."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from conversational_rag.concurrency.child import ChildDied, ChildProcess, ChildRefused, ChildTimedOut
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
from conversational_rag.ingestion.loaders.base import Kind, Limits, Page
from conversational_rag.ingestion.splitting import Chunk, check_sizes

_MODULE = "conversational_rag.ingestion.parser_process"
# A child is replaced after so many files, or when one has swollen it: only its end gives memory back for sure.
_FILES_PER_CHILD = 200
_SWOLLEN_MB = 256
_VERDICTS: dict[str, type[BadInput]] = {
    error.__name__: error for error in (EmptyFile, EncryptedFile, NoText, ParsingLimit, UnreadableFile, UnsupportedFile)
}
_OUR_FAULTS = {"FileNotFoundError", "PermissionError", "ImportError", "ModuleNotFoundError"}
# How a process ends that asked for more memory (PDFium aborts or traps) or time than it may have.
_LIMIT_SIGNALS = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGKILL, signal.SIGXCPU}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What a file holds; see LoadedDocument. `page_count` is None where the format has no pages."""

    kind: Kind
    page_count: int | None
    pages: tuple[Page, ...]
    chunks: tuple[Chunk, ...]
    encoding: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def characters(self) -> int:
        """Characters of text in all pages."""
        return sum(len(page.text) for page in self.pages)

    @property
    def pages_without_text(self) -> tuple[int, ...]:
        """The numbers of the pages that hold no text, as a scanned one among others."""
        return tuple(page.number for page in self.pages if page.number is not None and not page.text.strip())


class Reader:
    """Reads files one after another in a child process; a file that hangs, kills or swells it costs only itself."""

    def __init__(self, seconds: float, memory_bytes: int, limits: Limits | None = None) -> None:
        """`seconds` of wall time for one file, `memory_bytes` of address space for the child."""
        self._seconds, self._memory_bytes = seconds, memory_bytes
        self._limits = asdict(limits or Limits())
        self._turn = asyncio.Lock()
        self._child = self._new_child()
        self._files = 0

    async def read(self, path: Path, filename: str, chunk_size: int, chunk_overlap: int) -> ParsedFile:
        """The pages and chunks of the file at `path`, which its owner calls `filename`; sizes are in characters.

        Raises UnsupportedFile, UnreadableFile, EncryptedFile, EmptyFile, NoText (its `extensions` have `pages`),
        ParsingLimit; ValueError unless 0 <= chunk_overlap < chunk_size.
        """
        check_sizes(chunk_size, chunk_overlap)
        arguments = {"path": str(path), "filename": filename, "chunk_size": chunk_size, "chunk_overlap": chunk_overlap}
        async with self._turn:
            answer = await self._parse({**arguments, "limits": self._limits, "seconds": self._seconds})
        return _understood(answer)

    async def close(self) -> None:
        """Let the file that is being read end, then the child."""
        await self._child.stop()

    async def _parse(self, arguments: dict[str, Any]) -> Frame:
        swollen = True
        try:
            answer = await self._child.call("parse", arguments, timeout_seconds=self._seconds)
            swollen = answer.header["result"]["resident_mb"] > _SWOLLEN_MB
        except ChildTimedOut as failure:
            raise ParsingLimit(
                f"Reading the file took more than {self._seconds:g} seconds (PARSING_SECONDS); split the file."
            ) from failure
        except ChildDied as failure:
            raise _cause_of_death(failure) from failure
        except ChildRefused as failure:
            swollen = failure.kind == MemoryError.__name__
            raise _verdict(failure) from failure
        finally:
            await self._count(swollen)
        return answer

    async def _count(self, swollen: bool) -> None:
        self._files += 1
        if swollen or self._files >= _FILES_PER_CHILD:
            spent, self._child, self._files = self._child, self._new_child(), 0
            await spent.stop()

    def _new_child(self) -> ChildProcess:
        return ChildProcess(_MODULE, str(self._memory_bytes), kill_when_cancelled=True)


def _verdict(failure: ChildRefused) -> ServiceError:
    """The child's error as raised there; what no loader has a row for means that the file is damaged."""
    if failure.kind in _VERDICTS:
        return _VERDICTS[failure.kind](failure.message)
    if failure.kind == MemoryError.__name__:
        return ParsingLimit()
    _log.warning("file_parser_failed", error=failure.kind, message=failure.message)
    return InternalError() if failure.kind in _OUR_FAULTS else UnreadableFile()


def _cause_of_death(failure: ChildDied) -> ServiceError:
    _log.warning("file_parser_died", exit_code=failure.exit_code)
    if failure.exit_code is None or failure.exit_code >= 0:
        return InternalError()
    return ParsingLimit() if -failure.exit_code in _LIMIT_SIGNALS else UnreadableFile()


def _understood(answer: Frame) -> ParsedFile:
    result, texts = answer.header["result"], _cut(answer)
    pages = tuple(Page(number, next(texts), place) for number, place, _length in result["pages"])
    chunks = tuple(
        Chunk(ordinal, page, start, next(texts), place)
        for ordinal, (page, place, start, _length) in enumerate(result["chunks"])
    )
    if not chunks:
        raise NoText(pages=result["page_count"])
    kind, notes = Kind(result["kind"]), tuple(result["notes"])
    return ParsedFile(kind, result["page_count"], pages, chunks, result["encoding"], notes)


def _cut(answer: Frame) -> Iterator[str]:
    """The texts that the payload holds one behind the other: all pages, then all chunks."""
    text, position = answer.payload.decode(), 0
    for *_place, length in (*answer.header["result"]["pages"], *answer.header["result"]["chunks"]):
        yield text[position : position + length]
        position += length
