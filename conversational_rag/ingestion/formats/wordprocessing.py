"""WordprocessingML, the markup inside DOCX: its elements in reading order, as lines of text.

Elements are told by their local names, so that both namespaces of the standard (transitional and strict) are read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Element = Any  # lxml's element class, which has no types of its own

_PARAGRAPH_PROPERTIES = frozenset({"pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr"})
_LEFT_OUT = frozenset({"del", "moveFrom", "delText", "instrText", "delInstrText", "rt"}) | _PARAGRAPH_PROPERTIES
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}
_PAGE_FIELDS = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})
_OFF = frozenset({"0", "false", "off"})
_NOTE_REFERENCES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}

# The text of each footnote and endnote, by its element's name and its id.
Notes = Mapping[tuple[str, str], str]


def read_blocks(container: Element, notes: Notes) -> Iterator[str]:
    """Each paragraph and each table (a line for each row) of the container, none empty."""
    for block in _blocks(container):
        if local_name(block) == "tbl":
            yield from filter(None, ["\n".join(_rows(block, notes))])
        else:
            yield from _paragraph(block, notes)


def read_notes(part: Element) -> dict[tuple[str, str], str]:
    """The notes of a footnotes or endnotes part; the separator lines that Word keeps among them are left out."""
    found = {}
    for note in part:
        if local_name(note) in _NOTE_REFERENCES.values() and attribute(note, "type") in {"", "normal"}:
            found[local_name(note), attribute(note, "id")] = " ".join(read_blocks(note, {}))
    return found


def local_name(element: Element) -> str:
    """The element's name without its namespace, "" for comments and processing instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute's value whatever its namespace, "" when there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _blocks(container: Element) -> Iterator[Element]:
    """Paragraphs and tables, also those inside content controls and tracked insertions."""
    for child in container:
        name = local_name(child)
        if name in {"p", "tbl"}:
            yield child
        elif name not in _LEFT_OUT:
            yield from _blocks(preferred(child) if name == "AlternateContent" else child)


def _rows(table: Element, notes: Notes) -> list[str]:
    rows = ([_cell(cell, notes) for cell in _inside(row, "tc")] for row in _inside(table, "tr") if not _is_deleted(row))
    return [" | ".join(cells) for cells in rows if any(cells)]


def _cell(cell: Element, notes: Notes) -> str:
    """A cell on one line; the rows of a table inside it are parted by semicolons."""
    parts: list[str] = []
    for block in _blocks(cell):
        parts += ["; ".join(_rows(block, notes))] if local_name(block) == "tbl" else _paragraph(block, notes)
    return " ".join(" ".join(parts).split())


def _inside(element: Element, wanted: str) -> Iterator[Element]:
    for child in element:
        if local_name(child) == wanted:
            yield child
        elif local_name(child) not in _LEFT_OUT:
            yield from _inside(child, wanted)


def _is_deleted(row: Element) -> bool:
    return any(local_name(mark) == "del" for child in row if local_name(child) == "trPr" for mark in child)


def _is_hidden(run: Element) -> bool:
    """Formatted as hidden: whoever opens the document does not see it."""
    marks = (mark for child in run if local_name(child) == "rPr" for mark in child if local_name(mark) == "vanish")
    return any(attribute(mark, "val") not in _OFF for mark in marks)


def _paragraph(paragraph: Element, notes: Notes) -> list[str]:
    """The paragraph, then what hangs on it: its text boxes and notes."""
    inline = _Inline(notes)
    inline.read(paragraph)
    return [text for text in ("".join(inline.text).strip(), *inline.attached) if text]


def preferred(alternatives: Element) -> Element:
    """The same content twice, for newer and older programs: the first is enough."""
    return next(iter(alternatives), alternatives)


@dataclass(slots=True)
class _Inline:
    """Inline content as it is read, what hangs on it, and the fields that are open."""

    notes: Notes
    text: list[str] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    fields: list["_Field"] = field(default_factory=list)

    def read(self, element: Element) -> None:
        """Take in the children of a paragraph or of anything inside it."""
        for child in element:
            name = local_name(child)
            if name == "t":
                self._add(child.text or "")
            elif name in _SIGNS:
                self._add(_SIGNS[name])
            elif name == "txbxContent":
                self.attached += read_blocks(child, self.notes)
            elif name in _NOTE_REFERENCES:
                self.attached.append(self.notes.get((_NOTE_REFERENCES[name], attribute(child, "id")), ""))
            elif name in {"fldChar", "instrText", "fldSimple"}:
                self._read_field(name, child)
            elif name not in _LEFT_OUT and not _is_hidden(child):
                self.read(preferred(child) if name == "AlternateContent" else child)

    def _add(self, text: str) -> None:
        if not any(part.is_hidden for part in self.fields):
            self.text.append(text)

    def _read_field(self, name: str, element: Element) -> None:
        if name == "fldSimple":
            self.fields.append(_Field(attribute(element, "instr"), in_result=True))
            self.read(element)
            self.fields.pop()
        elif name == "instrText" and self.fields:
            self.fields[-1].instruction += element.text or ""
        elif attribute(element, "fldCharType") == "begin":
            self.fields.append(_Field())
        elif attribute(element, "fldCharType") == "separate" and self.fields:
            self.fields[-1].in_result = True
        elif attribute(element, "fldCharType") == "end" and self.fields:
            self.fields.pop()


@dataclass(slots=True)
class _Field:
    """A computed text: `{ instruction | result }`."""

    instruction: str = ""
    in_result: bool = False

    @property
    def is_hidden(self) -> bool:
        """Page numbers are of no use apart from their page."""
        name, *_ = self.instruction.upper().split(maxsplit=1) or [""]
        return not self.in_result or name in _PAGE_FIELDS
