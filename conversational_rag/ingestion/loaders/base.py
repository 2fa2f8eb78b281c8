"""What every loader shares: what it returns, what it may spend, and how its library's errors become ours."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from conversational_rag.errors import BadInput, ParsingLimit


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


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost, each checked before the damage is done."""

    pages: int = 5_000
    characters: int = 20_000_000
    chunks: int = 100_000
    unpacked_bytes: int = 512 * 2**20
    unpacked_xml_bytes: int = 96 * 2**20
    unpacked_ratio: int = 200
    packed_files: int = 10_000

    def check_characters(self, count: int) -> None:
        """Raises ParsingLimit for a text that is too long."""
        if count > self.characters:
            raise ParsingLimit(
                f"The file has {count} characters of text, at most {self.characters} are read: split it."
            )


class Loader(Protocol):
    """One kind of file: a module of this package has such a function called `load`."""

    def __call__(self, path: Path, limits: Limits) -> LoadedDocument:
        """Read the file; raises errors of the BadInput family."""
        ...


# A library's exception classes, each with the error of ours that it means.
ErrorTable = Mapping[type[Exception], Callable[[Exception], BadInput]]


def means(error: type[BadInput], detail: str | None = None) -> Callable[[Exception], BadInput]:
    """A row's right side: always this error, with this detail or its own."""
    return lambda _cause: error(detail)


@contextmanager
def translated(table: ErrorTable) -> Iterator[None]:
    """Inside it, an exception of the table (or a subclass) leaves as our error, with its cause chained."""
    try:
        yield
    except tuple(table) as error:
        row = next(parent for parent in type(error).__mro__ if parent in table)
        raise table[row](error) from error
