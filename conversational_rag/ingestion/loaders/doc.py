"""DOC, Word 97 to 2003: our own reading of the format, and legacy-doc's where a damaged file defeats it."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import olefile
from legacy_doc import ExtractionOptions, LegacyDocError, extract_text

from conversational_rag.errors import EncryptedFile, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.formats.word97 import (
    CELL_END,
    PARAGRAPH_END,
    ROW_END,
    NotWord97,
    OlderWord,
    Protected,
    read_parts,
    table_stream_name,
)
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.characters import clean, spell_out

_SAVE_AGAIN = "The DOC file cannot be read; open it in a word processor, save it as DOCX and upload that."
_OLDER = "The DOC file was written by Word 95 or older; open it in a word processor, save it as DOCX and upload that."
ERRORS: ErrorTable = {
    Protected: means(EncryptedFile),
    OlderWord: means(UnreadableFile, _OLDER),
    **{
        error: means(UnreadableFile, _SAVE_AGAIN)
        for error in (NotWord97, LegacyDocError, OSError, LookupError, ValueError, struct.error)
    },
}
# A field is {code | result}: what computes it, and what the reader of the document sees.
_FIELD_BEGIN, _FIELD_RESULT, _FIELD_END = "\x13", "\x14", "\x15"
_FIELD_MARKS = re.compile("([\x13-\x15])")
_PAGE_FIELDS = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})
_SIGNS = str.maketrans({"\x0b": "\n", "\x0c": "\n", "\x0e": "\n", "\x1e": "-", "\x1f": "", CELL_END: " | "})


def load(path: Path, limits: Limits) -> LoadedDocument:
    """Body with tables, notes, text boxes, then headers and footers, as one page without a number.

    Raises EncryptedFile, and UnreadableFile with the advice to save it as DOCX.
    """
    with translated(ERRORS):
        text = _read(path, limits)
    return LoadedDocument(Kind.DOC, (Page(None, spell_out(clean(text))),))


def _read(path: Path, limits: Limits) -> str:
    try:
        return _all_text(*_streams(path))
    except OlderWord:
        raise
    except (NotWord97, OSError, LookupError, ValueError, struct.error):
        return _read_leniently(path, limits)


def _streams(path: Path) -> tuple[bytes, bytes, bytes]:
    with olefile.OleFileIO(path) as compound:
        main = compound.openstream("WordDocument").read()
        tables = compound.openstream(table_stream_name(main)).read()
        return main, tables, compound.openstream("Data").read() if compound.exists("Data") else b""


def _read_leniently(path: Path, limits: Limits) -> str:
    """legacy-doc looks for the text's table by its shape, so it survives a damaged header."""
    data = path.read_bytes()
    options = ExtractionOptions(max_file_bytes=len(data), max_text_bytes=limits.characters * 4)
    return str(extract_text(data, options=options).text).replace("\n", "\n\n")


def _all_text(main: bytes, tables: bytes, data: bytes) -> str:
    parts = {name: _without_fields(text) for name, text in read_parts(main, tables, data).items()}
    running = dict.fromkeys(_blocks(parts["headers"] + PARAGRAPH_END + parts["header boxes"]))
    told = [block for name in ("body", "footnotes", "endnotes", "boxes") for block in _blocks(parts[name])]
    return "\n\n".join([*told, *(block for block in running if any(sign.isalpha() for sign in block))])


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, and tables with a line for each row."""
    rows: list[str] = []
    *before_row_ends, rest = text.split(ROW_END)
    for stretch in before_row_ends:
        paragraphs, _, cells = stretch.rpartition(PARAGRAPH_END)
        if paragraphs:
            yield from filter(None, ["\n".join(rows)])
            yield from _paragraphs(paragraphs)
            rows = []
        row = [" ".join(clean(cell.translate(_SIGNS)).split()) for cell in cells.removesuffix(CELL_END).split(CELL_END)]
        rows += [" | ".join(row)] if any(row) else []
    yield from filter(None, ["\n".join(rows)])
    yield from _paragraphs(rest)


def _paragraphs(text: str) -> Iterator[str]:
    tidy = (clean(paragraph.translate(_SIGNS)).strip() for paragraph in text.split(PARAGRAPH_END))
    return filter(None, tidy)


def _without_fields(text: str) -> str:
    """The text with the results of its fields, but page numbers, which say nothing apart from their page."""
    if text.count(_FIELD_BEGIN) != text.count(_FIELD_END):
        return _FIELD_MARKS.sub("", text)
    kept, codes = [""], [""]
    for part in _FIELD_MARKS.split(text):
        if part == _FIELD_BEGIN:
            kept.append("")
            codes.append("")
        elif part == _FIELD_RESULT:
            codes[-1], kept[-1] = kept[-1], ""
        elif part == _FIELD_END and len(kept) > 1:
            result, code = kept.pop(), codes.pop()
            kept[-1] += result if _is_shown(code) else ""
        else:
            kept[-1] += part
    return "".join(kept)


def _is_shown(code: str) -> bool:
    """A field without a code behind it has no result: what was read is its code."""
    name, *_ = code.upper().split(maxsplit=1) or [""]
    return bool(name) and name not in _PAGE_FIELDS
