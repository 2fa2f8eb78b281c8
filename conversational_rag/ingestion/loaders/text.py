"""Plain text in any common encoding."""

from pathlib import Path

from conversational_rag.errors import EmptyFile, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.characters import clean
from conversational_rag.ingestion.decoding import decode, is_text
from conversational_rag.ingestion.loaders.base import Kind, Limits, LoadedDocument, Page

_MOST_BYTES_PER_CHARACTER = 4


def load(path: Path, limits: Limits) -> LoadedDocument:
    """The whole text as one page without a number; raises EmptyFile, UnreadableFile, ParsingLimit."""
    return load_as(Kind.TXT, path, limits)


def load_as(kind: Kind, path: Path, limits: Limits) -> LoadedDocument:
    """Any kind that is plain text, markup kept as it is."""
    if path.stat().st_size > limits.characters * _MOST_BYTES_PER_CHARACTER:
        raise ParsingLimit
    data = path.read_bytes()
    if not is_text(data):
        raise UnreadableFile("The file holds binary data, not text; save it as text and upload it again.")
    text = clean(decode(data))
    if not text.strip():
        raise EmptyFile
    return LoadedDocument(kind, (Page(None, text),))
