"""Files that were read: what is stored of them before they can be found. Nothing is written of one that is gone."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from json import dumps
from pathlib import PurePath

from conversational_rag.db import chunks, documents, pages, stages
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.engine import Connection
from conversational_rag.db.pages import PageRow
from conversational_rag.db.stages import Findings
from conversational_rag.ingestion.pipeline import ParsedFile
from conversational_rag.ingestion.splitting import Chunk
from conversational_rag.ingestion.verdict import judge
from conversational_rag.services.publication import FileTask

PAGES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read; `since` in seconds of the monotonic clock."""

    task: FileTask
    title: str
    parsed: ParsedFile
    since: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        """Its document's."""
        return self.task.document_id


# A chunk, and whose it is.
Piece = tuple[ReadFile, Chunk]


def document_title(filename: str) -> str:
    """The file's name in words: it stands before each chunk where meaning and words are indexed."""
    return " ".join(PurePath(filename).stem.replace("_", " ").replace("-", " ").split())


def weight(files: Sequence[ReadFile]) -> int:
    """How many rows they make."""
    return sum(max(len(file.parsed.chunks), len(file.parsed.pages)) for file in files)


def pieces(files: Sequence[ReadFile], at_once: int) -> list[list[Piece]]:
    """All chunks of the files in their order, so many at once."""
    found = [(file, chunk) for file in files for chunk in file.parsed.chunks]
    return [found[first : first + at_once] for first in range(0, len(found), at_once)]


def findings(file: ReadFile) -> Findings:
    """What its owner is told of it."""
    return Findings(
        kind=str(file.parsed.kind),
        pages=file.parsed.page_count,
        pages_without_text=len(file.parsed.pages_without_text),
        characters=file.parsed.characters,
        verdict=dumps(judge(file.parsed).describe(), ensure_ascii=False),
    )


def note_findings(connection: Connection, files: Sequence[ReadFile], found: Sequence[Findings]) -> set[str]:
    """Store them, each with its first pages; the ids of those that are gone."""
    gone = set[str]()
    for file, each in zip(files, found, strict=True):
        if stages.set_findings(connection, file.task.tenant, file.id, each):
            pages.insert_all(connection, file.id, 0, _pages(file, 0))
        else:
            gone.add(file.id)
    return gone


def insert_pages(connection: Connection, file: ReadFile, first: int) -> bool:
    """Store its next pages from the `first` on; False when it is gone."""
    wanted = _is_wanted(connection, file)
    if wanted:
        pages.insert_all(connection, file.id, first, _pages(file, first))
    return wanted


def insert_chunks(connection: Connection, file: ReadFile, new: Sequence[NewChunk]) -> bool:
    """Store some of its chunks; False when it is gone."""
    wanted = _is_wanted(connection, file)
    if wanted:
        chunks.insert_all(connection, file.task.tenant, file.id, new)
    return wanted


def _pages(file: ReadFile, first: int) -> list[PageRow]:
    return [PageRow(page.number, page.place, page.text) for page in file.parsed.pages[first : first + PAGES_AT_ONCE]]


def _is_wanted(connection: Connection, file: ReadFile) -> bool:
    """The document, or its client, may have been deleted meanwhile."""
    return stages.find(connection, file.task.tenant, file.id) == documents.EMBEDDING
