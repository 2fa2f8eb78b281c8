"""RTF, as WordPad, LibreOffice, TextEdit and older programs save it."""

from pathlib import Path

from conversational_rag.errors import NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.formats.richtext import NestedTooDeeply, NotRtf, read_rtf
from conversational_rag.ingestion.limits import Allowance, Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.characters import clean, spell_out
from conversational_rag.ingestion.text.source import read_bytes

ERRORS: ErrorTable = {
    NotRtf: means(UnreadableFile),
    NestedTooDeeply: means(ParsingLimit, "The RTF file is nested more deeply than documents are; save it again."),
}
_AROUND = b" \t\r\n\0\xef\xbb\xbf"


def load(path: Path, limits: Limits) -> LoadedDocument:
    """The whole text as one page without a number: where pages end is only found out by laying them out.

    Raises ParsingLimit, UnreadableFile, NoText.
    """
    with translated(ERRORS):
        text = read_rtf(read_bytes(path, limits).lstrip(_AROUND), Allowance(limits).spend)
    text = spell_out(clean(text)).strip()
    if not text:
        raise NoText("The document holds no text, perhaps pictures only: run text recognition (OCR) on them.")
    return LoadedDocument(Kind.RTF, (Page(None, text),))
