"""PresentationML, the markup inside PPTX: its slides in their order, each as what is written on it.

Elements are told by their local names, so that both namespaces of the standard (transitional and strict) are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from conversational_rag.ingestion.formats.packages import Package
from conversational_rag.ingestion.formats.wordprocessing import Element, attribute, local_name, preferred

_DEFAULT_PRESENTATION = "ppt/presentation.xml"
_OFF = frozenset({"0", "false", "off"})
_TITLES = frozenset({"title", "ctrTitle"})
# Placeholders for what is the same on every slide, or counts them.
_RUNNING = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})


@dataclass(frozen=True, slots=True)
class Slide:
    """What stands on a slide, its title first, in the order in which it is read aloud; blocks are never empty."""

    blocks: tuple[str, ...]
    notes: str
    is_hidden: bool


def slide_parts(package: Package) -> list[str]:
    """The names of the slides' parts in the order of the presentation, also of those that are missing.

    Raises KeyError or lxml's XMLSyntaxError when the presentation's own part is missing or damaged.
    """
    part = next(iter(package.related("", "officeDocument")), _DEFAULT_PRESENTATION)
    targets = {other.id: other.target for other in package.relationships(part) if other.kind == "slide"}
    entries = package.parse(part).iter("{*}sldId")
    ids = (value for entry in entries for key, value in entry.attrib.items() if key.endswith("}id"))
    return [targets.get(relationship, "") for relationship in ids]


def read_slide(package: Package, part: str) -> Slide:
    """Raises KeyError or lxml's XMLSyntaxError when the slide is missing or damaged."""
    root = package.parse(part)
    shapes = sorted(_shapes(root), key=lambda shape: _placeholder(shape) not in _TITLES)
    drawn = [block for shape in shapes if (block := _text(shape))]
    diagrams = (package.parse(data) for data in package.related(part, "diagramData"))
    listed = ("\n".join(_paragraphs(diagram)) for diagram in diagrams)
    notes = (_notes(package.parse(page)) for page in package.related(part, "notesSlide"))
    return Slide((*drawn, *filter(None, listed)), "\n".join(filter(None, notes)), attribute(root, "show") in _OFF)


def _notes(page: Element) -> str:
    return "\n".join(text for shape in _shapes(page) if _placeholder(shape) == "body" and (text := _text(shape)))


def _shapes(element: Element) -> Iterator[Element]:
    """Shapes, tables and connectors that stand on the slide, also those in groups."""
    for child in element:
        name = local_name(child)
        if name in {"sp", "graphicFrame", "cxnSp"}:
            if _placeholder(child) not in _RUNNING:
                yield child
        elif name:
            yield from _shapes(preferred(child) if name == "AlternateContent" else child)


def _placeholder(shape: Element) -> str:
    """What the layout holds the shape's place for; "" for a shape of the slide's own."""
    return next((attribute(mark, "type") or "obj" for mark in shape.iter("{*}ph")), "")


def _text(shape: Element) -> str:
    tables = list(shape.iter("{*}tbl"))
    if tables:
        return "\n".join(row for table in tables for row in _rows(table))
    return "\n".join(_paragraphs(shape))


def _rows(table: Element) -> Iterator[str]:
    for row in table.iter("{*}tr"):
        cells = [" ".join(" ".join(_paragraphs(cell)).split()) for cell in row.iter("{*}tc")]
        if any(cells):
            yield " | ".join(cells)


def _paragraphs(element: Element) -> Iterator[str]:
    texts = ("".join(_runs(paragraph)).strip() for paragraph in element.iter("{*}p"))
    return filter(None, texts)


def _runs(element: Element) -> Iterator[str]:
    for child in element:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name in {"br", "tab"}:
            yield "\n" if name == "br" else "\t"
        elif name and not (name == "fld" and attribute(child, "type") == "slidenum"):
            yield from _runs(preferred(child) if name == "AlternateContent" else child)
