"""EPUB: the chapters of an e-book in the order of its spine, under the titles of its table of contents."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from lxml import etree

from conversational_rag.errors import EncryptedFile, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, translated
from conversational_rag.ingestion.formats import markup
from conversational_rag.ingestion.formats.packages import PACKAGE_ERRORS, Package, open_package, resolved
from conversational_rag.ingestion.formats.wordprocessing import Element, attribute, local_name
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.lines import one_line

ERRORS: ErrorTable = {**PACKAGE_ERRORS, **markup.ERRORS}
_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_NCX_TYPE = "application/x-dtbncx+xml"
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document", ""})
_PROTECTED = "The e-book is protected against copying (DRM) and cannot be read; upload a copy without the protection."


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book by its part's name; `properties` are words of the format, as "nav"."""

    part: str
    media_type: str
    properties: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Book:
    items: tuple[_Item, ...]
    spine: tuple[_Item, ...]


def load(path: Path, limits: Limits) -> LoadedDocument:
    """A page without a number for each chapter, or for each part of one that the contents name.

    Raises EncryptedFile for a protected book, ParsingLimit, and UnreadableFile for what is not a book.
    """
    with translated(ERRORS), open_package(path, limits) as package:
        book = _read_book(package)
        limits.check_pages(len(book.spine), "chapters")
        present = [item for item in book.spine if item.part in package]
        _check_protection(package, present)
        pages = tuple(_pages(package, present, _titles(package, book), limits))
    missing = len(book.spine) - len(present)
    if not present:
        raise UnreadableFile
    notes = (f"Chapters that the e-book lists but does not hold: {missing}; the others were read.",) if missing else ()
    return LoadedDocument(Kind.EPUB, pages, notes=notes)


def _read_book(package: Package) -> _Book:
    root = package.parse(_CONTAINER)
    part = next((resolved("", attribute(entry, "full-path")) for entry in root.iter("{*}rootfile")), "")
    opf = package.parse(part)
    items = {attribute(item, "id"): _item(part, item) for item in opf.iter("{*}item")}
    references = (attribute(reference, "idref") for reference in opf.iter("{*}itemref"))
    spine = [items[reference] for reference in dict.fromkeys(references) if reference in items]
    readable = (item for item in spine if item.media_type in _PAGE_TYPES and "nav" not in item.properties)
    return _Book(tuple(items.values()), tuple(readable))


def _item(part: str, item: Element) -> _Item:
    properties = frozenset(attribute(item, "properties").split())
    return _Item(resolved(part, attribute(item, "href")), attribute(item, "media-type"), properties)


def _check_protection(package: Package, chapters: list[_Item]) -> None:
    """Publishers may scramble the fonts of a book, which says nothing of its text."""
    if _ENCRYPTION in package:
        scrambled = {
            resolved("", attribute(entry, "URI")) for entry in package.parse(_ENCRYPTION).iter("{*}CipherReference")
        }
        if any(chapter.part in scrambled for chapter in chapters):
            raise EncryptedFile(_PROTECTED)


def _pages(package: Package, chapters: list[_Item], titles: dict[str, list[str]], limits: Limits) -> Iterator[Page]:
    characters, title = 0, None
    for chapter in chapters:
        sections = markup.sections(package.read(chapter.part), limits=limits)
        placed = list(_placed(sections, titles.get(chapter.part, []), title, has_contents=bool(titles)))
        for title, together in groupby(placed, key=lambda pair: pair[0]):
            text = "\n\n".join(section.text for _title, section in together)
            characters += len(text)
            limits.check_characters(characters)
            yield Page(None, text, f"chapter {one_line(title)}" if title else None)


def _placed(
    sections: list[markup.Section], titles: list[str], title: str | None, *, has_contents: bool
) -> Iterator[tuple[str | None, markup.Section]]:
    """Each section with the chapter that it belongs to: what begins no chapter goes on with the one before, `title`."""
    named = {_folded(name): name for name in titles}
    title = titles[0] if titles else title
    for section in sections:
        heading = section.heading or ""
        if _folded(heading) in named:
            title = named[_folded(heading)]
        elif heading and (title is None or not has_contents):
            title = heading
        yield title, section


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())


def _titles(package: Package, book: _Book) -> dict[str, list[str]]:
    """The titles in the table of contents by the part that they lead to; {} without a table that can be read."""
    tables = [item for item in book.items if "nav" in item.properties or item.media_type == _NCX_TYPE]
    for item in sorted(tables, key=lambda item: "nav" not in item.properties):
        try:
            root = package.parse(item.part)
        except (KeyError, etree.XMLSyntaxError):
            continue
        found: dict[str, list[str]] = {}
        for reference, title in _nav_entries(root) if "nav" in item.properties else _ncx_entries(root):
            if title:
                found.setdefault(resolved(item.part, reference), []).append(title)
        if found:
            return found
    return {}


def _nav_entries(root: Element) -> Iterator[tuple[str, str]]:
    for nav in root.iter("{*}nav"):
        if attribute(nav, "type") in {"toc", ""}:
            yield from ((attribute(link, "href"), _words(link)) for link in nav.iter("{*}a"))


def _ncx_entries(root: Element) -> Iterator[tuple[str, str]]:
    for point in root.iter("{*}navPoint"):
        parts = {local_name(child): child for child in point}
        if "navLabel" in parts and "content" in parts:
            yield attribute(parts["content"], "src"), _words(parts["navLabel"])


def _words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
