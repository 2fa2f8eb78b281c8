"""OpenDocument text, the markup inside ODT: its blocks in reading order, as lines of text.

Elements are told by their local names; only `title` and `desc` have two meanings, a field's and a picture's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversational_rag.ingestion.formats.wordprocessing import Element, attribute, local_name

_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_PARAGRAPHS = frozenset({"p", "h"})
# What was deleted, what is said about the text, how pictures are described, and what only counts pages.
_LEFT_OUT = frozenset(
    {
        *("tracked-changes", "annotation", "annotation-end", "note-citation", "table-of-content", "ruby-text"),
        *("page-number", "page-count", "forms", "hidden-text", "hidden-paragraph", "event-listeners"),
    }
)
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_TOP_LEVEL = 2
_MOST_SPACES, _MOST_REPEATS = 100, 100


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a table; `is_top_heading` for headings of the first two levels."""

    text: str
    is_top_heading: bool = False


def read_blocks(container: Element) -> Iterator[Block]:
    """Each paragraph, each list item and each table (a line for each row) of the container, none empty."""
    for child in container:
        name = local_name(child)
        if name in _PARAGRAPHS:
            first, *attached = _paragraph(child)
            is_heading = name == "h" and _level(child) <= _TOP_LEVEL
            yield from ([Block(first, is_heading)] if first else [])
            yield from map(Block, attached)
        elif name == "table":
            yield from map(Block, filter(None, ["\n".join(_rows(child))]))
        elif not _is_left_out(child):
            yield from read_blocks(child)


def read_running(styles: Element, name: str) -> list[str]:
    """The headers, or the footers, of all page styles, each on one line and each once."""
    texts = (" ".join(block.text.split()) for area in styles.iter(f"{{*}}{name}") for block in read_blocks(area))
    return [text for text in dict.fromkeys(texts) if any(sign.isalpha() for sign in text)]


def _level(heading: Element) -> int:
    level = attribute(heading, "outline-level")
    return int(level) if level.isdecimal() and len(level) == 1 else 1


def _is_left_out(element: Element) -> bool:
    """Also comments of the markup, and sections that whoever opens the document does not see."""
    name = local_name(element)
    hidden = name == "section" and attribute(element, "display") == "none"
    return not name or hidden or name in _LEFT_OUT or element.tag.startswith(_SVG)


def _rows(table: Element) -> Iterator[str]:
    for row in table.iter("{*}table-row"):
        if _nearest_table(row) is table:
            cells = [
                text for cell in row if local_name(cell) in {"table-cell", "covered-table-cell"} for text in _cell(cell)
            ]
            if any(cells):
                yield " | ".join(cells)


def _nearest_table(row: Element) -> Element:
    return next(row.iterancestors("{*}table"))


def _cell(cell: Element) -> list[str]:
    """A cell on one line, as often as it is repeated; the rows of a table inside it are parted by semicolons."""
    text = " ".join(block.text.replace("\n", "; ") for block in read_blocks(cell))
    repeats = attribute(cell, "number-columns-repeated")
    times = int(repeats) if repeats.isdecimal() and len(repeats) < len(str(_MOST_REPEATS)) else 1
    return [" ".join(text.split())] * max(1, times)


def _paragraph(paragraph: Element) -> list[str]:
    """The paragraph's own text, maybe "", then what hangs on it: its notes and text boxes."""
    inline = _Inline()
    inline.read(paragraph)
    return ["".join(inline.text).strip(), *inline.attached]


@dataclass(slots=True)
class _Inline:
    """Inline content as it is read, and what hangs on it."""

    text: list[str] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)

    def read(self, element: Element) -> None:
        """Take in what stands in a paragraph or in anything inside it."""
        self._words(element.text)
        for child in element:
            name = local_name(child)
            if name == "s":
                self.text.append(" " * _spaces(child))
            elif name in {"tab", "line-break"}:
                self.text.append("\t" if name == "tab" else "\n")
            elif name in {"text-box", "note-body"}:
                self.attached += [block.text for block in read_blocks(child)]
            elif name == "object":
                pass  # a formula or a chart: its own package inside this one
            elif not _is_left_out(child):
                self.read(child)
            self._words(child.tail)

    def _words(self, text: str | None) -> None:
        """White space in the markup is one space, and none behind another one."""
        words = _WHITE_SPACE.sub(" ", text or "")
        if words[:1] == " " and self.text and self.text[-1].endswith(" "):
            words = words[1:]
        self.text += [words] if words else []


def _spaces(element: Element) -> int:
    count = attribute(element, "c")
    return min(int(count), _MOST_SPACES) if count.isdecimal() and len(count) < len(str(_MOST_SPACES)) else 1
