"""PDF: pypdfium2 page by page; pypdf, slower and more patient, where the first fails or finds no text."""

import logging
import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pypdfium2
from pypdf import PdfReader, errors
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY, FPDFText_GetCharAngle

from conversational_rag.errors import BadInput, EncryptedFile, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.characters import clean, spell_out
from conversational_rag.ingestion.text.hyphenation import join_broken_words

# A document of scans is recognised by its first pages; reading all of it again would only cost time.
_SECOND_OPINION_PAGES = 20
_ANGLE_SAMPLES = 12
# What pypdf lets through on damaged files besides its own errors.
_FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, OSError, RecursionError),
    *(TypeError, ValueError, struct.error, zlib.error),
)

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # a damaged file would fill the log with its faults


def load(path: Path, limits: Limits) -> LoadedDocument:
    """Each page's text, "" for those that have none.

    Raises EncryptedFile when it takes a password to open, UnreadableFile, and ParsingLimit for too many pages.
    """
    try:
        pages = _read_quickly(path, limits)
    except (EncryptedFile, UnreadableFile) as error:
        pages = _read_patiently(path, limits, error)
    else:
        if not any(page.strip() for page in pages):
            pages = _second_opinion(path, limits, pages)
    texts = (_tidy(page) for page in join_broken_words([page.replace("\r\n", "\n") for page in pages]))
    return LoadedDocument(Kind.PDF, tuple(Page(number, text) for number, text in enumerate(texts, 1)), len(pages))


def _read_quickly(path: Path, limits: Limits) -> list[str]:
    with translated(ERRORS), pypdfium2.PdfDocument(path) as document:
        _check_page_count(len(document), limits)
        document.init_forms()  # without it, what people filled in is not seen
        pages = [_page_text(document, index) for index in range(len(document))]
    if all(page is None for page in pages):
        raise UnreadableFile
    return [page or "" for page in pages]


def _page_text(document: pypdfium2.PdfDocument, index: int) -> str | None:
    """One damaged page costs its own text only: None."""
    try:
        if document.formenv:
            _flatten(document, index)
        with closing(document[index]) as page:
            text = page.get_textpage()
            if (upright := _upright_rotation(text)) not in {None, page.get_rotation()}:
                page.set_rotation(upright)
                text = page.get_textpage()
            return str(text.get_text_bounded())
    except pypdfium2.PdfiumError:
        return None


def _upright_rotation(text: pypdfium2.PdfTextPage) -> int | None:
    """How the page must be turned for its text to stand upright: PDFium mixes up the lines of text that runs down."""
    count = text.count_chars()
    samples = range(0, count, max(1, count // _ANGLE_SAMPLES))
    angles = [angle for index in samples if (angle := FPDFText_GetCharAngle(text, index)) >= 0]
    quarters = Counter(round(angle / (math.pi / 2)) % 4 for angle in angles)
    return -quarters.most_common(1)[0][0] % 4 * 90 if quarters else None


def _flatten(document: pypdfium2.PdfDocument, index: int) -> None:
    """Make the page's form fields part of its text; they are seen when the page is opened again."""
    with suppress(pypdfium2.PdfiumError), closing(document[index]) as page:
        page.flatten()


def _read_patiently(path: Path, limits: Limits, first_error: BadInput) -> list[str]:
    try:
        with translated(ERRORS):
            return list(_pypdf_pages(path, limits))
    except UnreadableFile:
        raise first_error from first_error.__cause__


def _second_opinion(path: Path, limits: Limits, pages: list[str]) -> list[str]:
    try:
        with translated(ERRORS):
            found = any(page.strip() for page in _pypdf_pages(path, limits, _SECOND_OPINION_PAGES))
            return list(_pypdf_pages(path, limits)) if found else pages
    except BadInput:
        return pages


def _pypdf_pages(path: Path, limits: Limits, count: int | None = None) -> Iterator[str]:
    with PdfReader(path) as reader:
        if reader.is_encrypted and not reader.decrypt(""):
            raise EncryptedFile
        _check_page_count(len(reader.pages), limits)
        for page in reader.pages[:count]:
            try:
                yield page.extract_text()
            except (errors.PdfReadError, errors.ParseError, *_FAULTS):
                yield ""


def _check_page_count(count: int, limits: Limits) -> None:
    if count == 0:
        raise UnreadableFile("The PDF has no pages; export it again from the program that made it.")
    limits.check_pages(count)


def _tidy(page: str) -> str:
    lines: Sequence[str] = spell_out(clean(page)).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _pdfium_error(error: Exception) -> BadInput:
    needs_password = getattr(error, "err_code", None) in {FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY}
    return EncryptedFile() if needs_password else UnreadableFile()


ERRORS: ErrorTable = {
    pypdfium2.PdfiumError: _pdfium_error,
    errors.FileNotDecryptedError: means(EncryptedFile),
    errors.WrongPasswordError: means(EncryptedFile),
    errors.DependencyError: means(
        EncryptedFile, "The PDF is encrypted in a way that is not read here; save it without."
    ),
    errors.LimitReachedError: means(
        ParsingLimit, "The PDF holds a stream or a list that is larger than documents have; save it again, or split it."
    ),
    **{
        error: means(UnreadableFile)
        for error in (
            *(
                errors.DeprecationError,
                errors.EmptyFileError,
                errors.EmptyImageDataError,
                errors.PageSizeNotDefinedError,
            ),
            *(errors.ParseError, errors.PdfReadError, errors.PdfReadWarning, errors.PdfStreamError, errors.PyPdfError),
            *(errors.XmpDocumentError, *_FAULTS),
        )
    },
}
