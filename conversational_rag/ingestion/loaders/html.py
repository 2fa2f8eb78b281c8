"""HTML and XHTML: a page for each section of the web page."""

from pathlib import Path

from conversational_rag.errors import NoText
from conversational_rag.ingestion.lines import one_line
from conversational_rag.ingestion.loaders.base import Kind, Limits, LoadedDocument, Page
from conversational_rag.ingestion.loaders.source import read_bytes
from conversational_rag.ingestion.markup import Section, sections


def load(path: Path, limits: Limits) -> LoadedDocument:
    """What a reader of the page sees, from one top heading to the next; `place` names the heading.

    Raises ParsingLimit, UnreadableFile, and NoText for a page that its scripts would have to write first.
    """
    found = sections(read_bytes(path, limits), limits=limits)
    if not found:
        raise NoText("The page holds no text of its own: save it from a browser once all of it is shown, upload that.")
    return LoadedDocument(Kind.HTML, tuple(Page(None, section.text, _place(section)) for section in found))


def _place(section: Section) -> str | None:
    return f"section {one_line(section.heading)}" if section.heading else None
