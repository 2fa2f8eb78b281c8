"""The kinds that are one stretch of text: their bytes, and the text these stand for."""

from pathlib import Path

from conversational_rag.errors import EmptyFile, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.decoding import decode, is_text
from conversational_rag.ingestion.loaders.base import Limits

_MOST_BYTES_PER_CHARACTER = 4
_UNICODE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_WIDE_SHARE = 0.01  # UTF-16 and UTF-32 hold more zero bytes than this


def read_bytes(path: Path, limits: Limits) -> bytes:
    """The file's bytes; raises ParsingLimit for a file that would have to hold too much text."""
    size, most = path.stat().st_size, limits.characters * _MOST_BYTES_PER_CHARACTER
    if size > most:
        raise ParsingLimit(f"The file has {size} bytes, at most {most} of this kind are read: split it.")
    return path.read_bytes()


def read_text(path: Path, limits: Limits) -> str:
    """The file's text as it stands, but for stray zero bytes as databases export them.

    Raises ParsingLimit, UnreadableFile for binary data, EmptyFile.
    """
    data = read_bytes(path, limits)
    if 0 < data.count(b"\0") < len(data) * _WIDE_SHARE and not data.startswith(_UNICODE_MARKS):
        data = data.replace(b"\0", b"")
    if not is_text(data):
        raise UnreadableFile("The file holds binary data, not text; save it as text and upload it again.")
    text = decode(data)
    if not text.strip("\ufeff \t\r\n\0"):
        raise EmptyFile
    return text
