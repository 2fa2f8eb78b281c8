"""HTML and XHTML: a page for each section of the web page."""

from pathlib import Path

from conversational_rag.errors import NoText
from conversational_rag.ingestion.formats.markup import Section, sections
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.charsets import declared_encoding, decode_named
from conversational_rag.ingestion.text.lines import one_line
from conversational_rag.ingestion.text.source import read_bytes


def load(path: Path, limits: Limits) -> LoadedDocument:
    """What a reader of the page sees, from one top heading to the next; `place` names the heading.

    Raises ParsingLimit, UnreadableFile, and NoText for a page that its scripts would have to write first.
    """
    data = read_bytes(path, limits)
    decoded = decode_named(data, declared_encoding(data))
    found = sections(decoded.text, limits=limits)
    if not found:
        raise NoText("The page holds no text of its own: save it from a browser once all of it is shown, upload that.")
    pages = tuple(Page(None, section.text, _place(section)) for section in found)
    return LoadedDocument(Kind.HTML, pages, encoding=decoded.encoding, notes=decoded.notes)


def _place(section: Section) -> str | None:
    return f"section {one_line(section.heading)}" if section.heading else None
