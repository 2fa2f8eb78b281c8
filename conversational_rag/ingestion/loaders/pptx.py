"""PPTX: a slide is a page, with the speaker's notes behind what stands on it."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from conversational_rag.errors import UnreadableFile
from conversational_rag.ingestion.error_tables import translated
from conversational_rag.ingestion.formats.packages import PACKAGE_ERRORS, Package, open_package
from conversational_rag.ingestion.formats.presentation import Slide, read_slide, slide_parts
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.characters import clean, spell_out

ERRORS = PACKAGE_ERRORS


def load(path: Path, limits: Limits) -> LoadedDocument:
    """Each slide's text under its number, "" for those that have none; also of slides that the show leaves out.

    Raises ParsingLimit for too many slides or too much text, UnreadableFile for what is not a presentation.
    """
    with translated(ERRORS), open_package(path, limits) as package:
        parts = slide_parts(package)
        limits.check_pages(len(parts), "slides")
        slides = [_read(package, part) for part in parts]
    if slides and not any(slides):
        raise UnreadableFile
    pages = tuple(_pages(slides, limits))
    return LoadedDocument(Kind.PPTX, pages, len(pages), notes=tuple(_notes(slides)))


def _read(package: Package, part: str) -> Slide | None:
    """One damaged slide costs its own text only: None."""
    try:
        return read_slide(package, part)
    except (KeyError, etree.XMLSyntaxError):
        return None


def _pages(slides: list[Slide | None], limits: Limits) -> Iterator[Page]:
    characters = 0
    for number, slide in enumerate(slides, 1):
        text = spell_out(clean(_text(slide))) if slide else ""
        characters += len(text)
        limits.check_characters(characters)
        yield Page(number, text, f"slide {number}")


def _text(slide: Slide) -> str:
    return "\n\n".join([*slide.blocks, *([f"Notes: {slide.notes}"] if slide.notes else [])])


def _notes(slides: list[Slide | None]) -> Iterator[str]:
    if damaged := _numbers(number for number, slide in enumerate(slides, 1) if slide is None):
        yield f"These slides are damaged and were left out: {damaged}."
    if hidden := _numbers(number for number, slide in enumerate(slides, 1) if slide and slide.is_hidden):
        yield f"These slides are hidden in the show, but were read: {hidden}."


def _numbers(numbers: Iterator[int]) -> str:
    return ", ".join(map(str, numbers))
