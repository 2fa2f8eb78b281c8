"""What every loader shares: what it is given, and what it returns."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from conversational_rag.ingestion.limits import Limits


class Kind(StrEnum):
    """The kinds of file that are read."""

    PDF = "pdf"
    DOCX = "docx"
    DOC = "doc"
    MD = "md"
    TXT = "txt"
    HTML = "html"
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    PPTX = "pptx"
    EPUB = "epub"
    RTF = "rtf"
    ODT = "odt"
    EML = "eml"


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one page, or of what the format has instead: a slide, a sheet, a chapter.

    `number` counts from 1, None where the format has no pages. `place` is what a reader would call the spot where it
    has a name of its own ("sheet Prices", "chapter The Harbour").
    """

    number: int | None
    text: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A file's text; `page_count` is None where the format has no pages.

    `encoding` names how plain text was encoded; None where the format says so itself. `notes` are sentences for the
    owner about what could not be read as it stands ("2 bytes are not valid in utf-8 and were replaced").
    """

    kind: Kind
    pages: tuple[Page, ...]
    page_count: int | None = None
    encoding: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def characters(self) -> int:
        """Characters of text in all pages."""
        return sum(len(page.text) for page in self.pages)


class Loader(Protocol):
    """One kind of file: a module of this package has such a function called `load`."""

    def __call__(self, path: Path, limits: Limits) -> LoadedDocument:
        """Read the file; raises errors of the BadInput family."""
        ...
