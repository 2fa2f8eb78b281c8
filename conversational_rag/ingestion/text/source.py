"""The kinds that are one stretch of text: their bytes, and the text these stand for."""

from pathlib import Path

from conversational_rag.errors import EmptyFile, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.text.decoding import Decoded, decode, is_text

_MOST_BYTES_PER_CHARACTER = 4


def read_bytes(path: Path, limits: Limits) -> bytes:
    """The file's bytes; raises ParsingLimit for a file that would have to hold too much text."""
    limits.check_bytes(path.stat().st_size, _MOST_BYTES_PER_CHARACTER)
    return path.read_bytes()


def read_text(path: Path, limits: Limits) -> Decoded:
    """The file's text as it stands. Raises ParsingLimit, UnreadableFile for binary data, EmptyFile."""
    data = read_bytes(path, limits)
    if not is_text(data):
        raise UnreadableFile("The file holds binary data, not text; save it as text and upload it again.")
    decoded = decode(data)
    if not decoded.text.strip("\ufeff \t\r\n\0"):
        raise EmptyFile
    return decoded
