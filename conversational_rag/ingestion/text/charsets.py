"""Text whose encoding somebody names: in a header, or in the markup itself."""

import codecs
import re

from conversational_rag.ingestion.text.decoding import Decoded, decode, decode_as

_DECLARATION_BYTES = 4096
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
# What browsers take these names for: each is what its neighbour on the right can write, and people do write it.
_WIDER = {
    **dict.fromkeys(("iso8859-1", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("iso8859-11", "tis-620"), "cp874"),
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_UNKNOWN_TO_PYTHON = {"x-sjis": "cp932", "windows-31j": "cp932", "windows-874": "cp874", "iso-8859-8-i": "iso8859-8"}
_PYTHONS_OWN = frozenset({"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
_WIDE = ("utf-16", "utf-32")  # seen by their zero bytes; who can read the name of the set has not got them
_FAULTS_PER_CHARACTER = 0.01


def codec_of(name: str) -> str | None:
    """Python's codec for a character set's name as files give it; None for one that is not known."""
    name = name.strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_UNKNOWN_TO_PYTHON.get(name, name))
    except (LookupError, ValueError):
        return None
    is_charset = getattr(found, "_is_text_encoding", True)  # rot13 and zlib are codecs too
    return _WIDER.get(found.name, found.name) if is_charset and found.name not in _PYTHONS_OWN else None


def declared_encoding(markup: bytes) -> str | None:
    """The codec that markup declares in its first bytes (`<meta charset>`, `http-equiv`, `<?xml encoding?>`)."""
    match = _DECLARED.search(markup[:_DECLARATION_BYTES])
    return codec_of(match.group(1).decode("ascii", "replace")) if match else None


def decode_named(data: bytes, name: str | None) -> Decoded:
    """The text of bytes said to be in the named character set.

    What is marked as Unicode or is valid UTF-8 is taken for that, whatever it is said to be; what makes no sense in
    the named set, or is said to be in none that is known, is decoded by its looks.
    """
    codec = codec_of(name) if name else None
    if codec is None or codec.startswith(_WIDE) or _is_unicode(data):
        return decode(data)
    named = decode_as(data, codec)
    return named if named.text.count("\ufffd") <= len(named.text) * _FAULTS_PER_CHARACTER else decode(data)


def _is_unicode(data: bytes) -> bool:
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if data.isascii():
        return b"\x1b" not in data and b"+" not in data and b"~" not in data  # ISO-2022, UTF-7 and HZ are ASCII
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
