"""SpreadsheetML, the markup inside XLSX: its sheets row by row, each cell as the text that its reader sees.

Elements are told by their local names, so that both namespaces of the standard (transitional and strict) are read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce

from conversational_rag.ingestion.formats.number_formats import BUILT_IN_FORMATS, NumberFormat, number_format
from conversational_rag.ingestion.formats.packages import Package, each
from conversational_rag.ingestion.formats.wordprocessing import Element, attribute, local_name
from conversational_rag.ingestion.text.characters import clean

_DEFAULT_WORKBOOK = "xl/workbook.xml"
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})[\"']")
_COLUMN = re.compile(r"[A-Za-z]{1,3}")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ON = frozenset({"1", "true", "on"})
_MOST_DIGITS = 10
_PLAIN = NumberFormat()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that shows something; `column` counts from 1, `is_text` tells words from numbers and dates."""

    column: int
    text: str
    is_text: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row that shows something; `number` counts from 1, the cells come from left to right."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet by its name and its part; `is_hidden` when whoever opens the workbook does not see it."""

    name: str
    part: str
    is_hidden: bool


@dataclass(slots=True)
class Workbook:
    """The worksheets in their order, and what their cells refer to.

    `unknown_results` counts the formulas met so far whose result nobody has stored.
    """

    package: Package
    sheets: list[Sheet]
    strings: list[str]
    formats: list[NumberFormat]
    since_1904: bool
    unknown_results: int = 0

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """The sheet's rows from the top, without those that show nothing.

        What is merged over several rows stands in each of them, so that none loses its group.
        """
        markup = self.package.read(sheet.part)
        merged, number = _Merged(markup), 0
        for element in each(markup, "row"):
            number = _whole(attribute(element, "r"), number + 1)
            cells = {cell.column: cell for cell in self._cells(element)}
            if cells:
                merged.fill(number, cells)
                yield Row(number, tuple(cells[column] for column in sorted(cells)))

    def _cells(self, row: Element) -> Iterator[Cell]:
        column = 0
        for element in row:
            if local_name(element) == "c":
                column = _column(element.get("r", "")) or column + 1
                text, is_text = self._shown(element) if len(element) else ("", False)
                if text := " ".join(text.split()):
                    yield Cell(column, text, is_text)

    def _shown(self, cell: Element) -> tuple[str, bool]:
        kind, value, has_formula = cell.get("t", "n"), None, False
        for child in cell:
            name = local_name(child)
            if name == "v":
                value = child.text
            elif name == "is":
                return _rich_text(child), True
            has_formula = has_formula or name == "f"
        if value is None or kind == "e":
            self.unknown_results += has_formula and kind != "e"
            return "", False
        return self._value(kind, value, cell.get("s", "0"))

    def _value(self, kind: str, value: str, style: str) -> tuple[str, bool]:
        if kind == "s":
            index = _whole(value, -1)
            return (self.strings[index] if 0 <= index < len(self.strings) else ""), True
        if kind == "str":
            return _unescaped(value), True
        if kind == "b":
            return ("TRUE" if value.strip() in _ON else "FALSE"), False
        try:
            number = float(value)
        except ValueError:  # ISO 8601 dates of the strict standard
            return value.replace("T", " "), False
        index = _whole(style, 0)
        shape = self.formats[index] if index < len(self.formats) else _PLAIN
        return (shape.shown(number, since_1904=self.since_1904) if abs(number) < float("inf") else ""), False


def read_workbook(package: Package) -> Workbook:
    """Raises KeyError or lxml's XMLSyntaxError when the workbook's own part is missing or damaged."""
    part = next(iter(package.related("", "officeDocument")), _DEFAULT_WORKBOOK)
    root = package.parse(part)
    targets = {other.id: other.target for other in package.relationships(part) if other.kind == "worksheet"}
    sheets = [
        Sheet(attribute(element, "name"), targets[element_id], attribute(element, "state") not in {"", "visible"})
        for element in _all(root, "sheet")
        if (element_id := _relationship(element)) in targets and targets[element_id] in package
    ]
    strings = [
        _rich_text(item) for other in package.related(part, "sharedStrings") for item in each(package.read(other), "si")
    ]
    formats = [shape for other in package.related(part, "styles") for shape in _formats(package.parse(other))]
    old = any(attribute(properties, "date1904") in _ON for properties in _all(root, "workbookPr"))
    return Workbook(package, sheets, strings, formats, old)


def column_letters(column: int) -> str:
    """28 -> AB; columns count from 1."""
    letters = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


class _Merged:
    """Cells merged over several rows: the markup tells of them behind all rows, so it is searched beforehand."""

    def __init__(self, markup: bytes) -> None:
        found = [(int(top), int(bottom), _column(column.decode())) for column, top, bottom in _MERGED.findall(markup)]
        self._waiting = sorted((merge for merge in found if merge[0] < merge[1]), reverse=True)
        self._open: dict[int, tuple[int, Cell]] = {}

    def fill(self, row: int, cells: dict[int, Cell]) -> None:
        """Put into this row what reaches down to it; rows must come from the top."""
        self._open = {column: (bottom, cell) for column, (bottom, cell) in self._open.items() if bottom >= row}
        while self._waiting and self._waiting[-1][0] <= row:
            top, bottom, column = self._waiting.pop()
            if top == row and column in cells:
                self._open[column] = (bottom, cells[column])
        for column, (_bottom, cell) in self._open.items():
            cells.setdefault(column, cell)


def _formats(styles: Element) -> list[NumberFormat]:
    """The number format of each cell style, in the order in which cells refer to them."""
    codes = dict(BUILT_IN_FORMATS)
    for element in _all(styles, "numFmt"):
        codes[_whole(attribute(element, "numFmtId"), -1)] = attribute(element, "formatCode")
    (styles_of_cells, *_) = [*_all(styles, "cellXfs"), ()]
    return [number_format(codes.get(_whole(attribute(style, "numFmtId"), 0), "")) for style in styles_of_cells]


def _rich_text(element: Element) -> str:
    """The runs of a text; how it is pronounced (rPh) is not part of it."""
    if local_name(element) == "rPh":
        return ""
    if local_name(element) == "t":
        return _unescaped(element.text or "")
    return "".join(_rich_text(child) for child in element)


def _unescaped(text: str) -> str:
    """_x000D_ is how the format writes a character that XML cannot hold."""
    return clean(_ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), text)) if "_x" in text else text


def _all(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element.iter(f"{{*}}{name}"))


def _relationship(element: Element) -> str:
    """A sheet's relationship: its `r:id`, beside its own `sheetId`."""
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _column(reference: str) -> int:
    """AB12 -> 28; 0 for what is no reference."""
    match = _COLUMN.match(reference)
    return _number_of(match.group()) if match else 0


@lru_cache(maxsize=1024)
def _number_of(letters: str) -> int:
    return reduce(lambda column, letter: column * 26 + ord(letter) - ord("A") + 1, letters.upper(), 0)


def _whole(digits: str, default: int) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < _MOST_DIGITS else default
