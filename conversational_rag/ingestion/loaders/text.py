"""Plain text in any common encoding."""

from pathlib import Path

from conversational_rag.errors import EmptyFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.characters import clean
from conversational_rag.ingestion.text.source import read_text


def load(path: Path, limits: Limits) -> LoadedDocument:
    """The whole text as one page without a number; raises EmptyFile, UnreadableFile, ParsingLimit."""
    return load_as(Kind.TXT, path, limits)


def load_as(kind: Kind, path: Path, limits: Limits) -> LoadedDocument:
    """Any kind that is plain text, markup kept as it is."""
    decoded = read_text(path, limits)
    text = clean(decoded.text)
    if not text.strip():
        raise EmptyFile
    return LoadedDocument(kind, (Page(None, text),), encoding=decoded.encoding, notes=decoded.notes)
