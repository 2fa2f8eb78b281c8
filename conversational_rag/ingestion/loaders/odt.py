"""ODT: the text of a document by its top headings, with the page's header before it and its footer behind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from conversational_rag.errors import EncryptedFile
from conversational_rag.ingestion.error_tables import translated
from conversational_rag.ingestion.formats.opendocument import Block, read_blocks, read_running
from conversational_rag.ingestion.formats.packages import PACKAGE_ERRORS, Package, open_package
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.characters import clean, spell_out
from conversational_rag.ingestion.text.lines import one_line

ERRORS = PACKAGE_ERRORS
_CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"


def load(path: Path, limits: Limits) -> LoadedDocument:
    """A page without a number for each section under a heading of the first two levels, and one for what is before.

    Raises EncryptedFile, ParsingLimit, and UnreadableFile for what is not an OpenDocument text.
    """
    with translated(ERRORS), open_package(path, limits) as package:
        _check_encryption(package)
        pages = [_page(section) for section in _sections(_all_blocks(package, limits))]
    return LoadedDocument(Kind.ODT, tuple(pages))


def _check_encryption(package: Package) -> None:
    if _MANIFEST in package and any(True for _ in package.parse(_MANIFEST).iter("{*}encryption-data")):
        raise EncryptedFile


def _all_blocks(package: Package, limits: Limits) -> Iterator[Block]:
    headers, footers = _running(package)
    bodies = package.parse(_CONTENT).iter("{*}body")
    characters = 0
    for block in (*headers, *(block for body in bodies for block in read_blocks(body)), *footers):
        characters += len(block.text)
        limits.check_characters(characters)
        yield block


def _running(package: Package) -> tuple[list[Block], list[Block]]:
    """Headers and footers; a document whose styles are damaged is read without them."""
    try:
        styles = package.parse(_STYLES)
    except (KeyError, etree.XMLSyntaxError):
        return [], []
    return [Block(text) for text in read_running(styles, "header")], [
        Block(text) for text in read_running(styles, "footer")
    ]


@dataclass(slots=True)
class _Section:
    heading: str | None = None
    texts: list[str] = field(default_factory=list)


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    """A heading that nothing but another one follows stands at the head of that one's section."""
    section, only_headings = _Section(), True
    for block in blocks:
        if block.is_top_heading and not only_headings:
            yield section
            section, only_headings = _Section(), True
        section.texts.append(block.text)
        section.heading = block.text if block.is_top_heading else section.heading
        only_headings = only_headings and block.is_top_heading
    if section.texts:
        yield section


def _page(section: _Section) -> Page:
    place = f"section {one_line(spell_out(clean(section.heading)))}" if section.heading else None
    return Page(None, spell_out(clean("\n\n".join(section.texts))), place)
