"""XLSX: each row of a sheet on its own line, told by the column headings above it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, pairwise
from pathlib import Path

from conversational_rag.ingestion.error_tables import translated
from conversational_rag.ingestion.formats.packages import PACKAGE_ERRORS, open_package
from conversational_rag.ingestion.formats.spreadsheet import Cell, Row, Sheet, Workbook, column_letters, read_workbook
from conversational_rag.ingestion.limits import Allowance, Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.loaders.records import gathered, numbered
from conversational_rag.ingestion.text.characters import clean, spell_out
from conversational_rag.ingestion.text.lines import one_line

ERRORS = PACKAGE_ERRORS
_HEADING_CHARACTERS = 100
_YEARS, _YEAR_DIGITS = range(1900, 2101), 4
_END = Row(0, ())

Headings = Mapping[int, str]  # by their columns


def load(path: Path, limits: Limits) -> LoadedDocument:
    """Stretches of rows of every sheet that is not hidden, as pages without numbers that name sheet and rows.

    Raises ParsingLimit, and UnreadableFile for what is not a workbook.
    """
    with translated(ERRORS), open_package(path, limits) as package:
        workbook = read_workbook(package)
        shown = [sheet for sheet in workbook.sheets if not sheet.is_hidden]
        pages = tuple(_pages(workbook, shown, limits))
    return LoadedDocument(Kind.XLSX, pages, notes=tuple(_notes(workbook)))


def _pages(workbook: Workbook, sheets: list[Sheet], limits: Limits) -> Iterator[Page]:
    allowance = Allowance(limits)
    for sheet in sheets:
        told = ((number, allowance.spend(spell_out(clean(line)))) for number, line in _lines(workbook.rows(sheet)))
        yield from gathered(told, numbered(f"sheet {one_line(clean(sheet.name))}, row"), "\n")


def _lines(rows: Iterable[Row]) -> Iterator[tuple[int, str]]:
    """Each row by its number. Empty rows part tables, each of which may have headings of its own."""
    headings: Headings = {}
    last_number, settled = 0, False
    for row, following in pairwise(chain(rows, [_END])):
        begins_table = row.number > last_number + 1
        settled, last_number = settled and not begins_table, row.number
        if settled or len(row.cells) == 1:
            yield row.number, _line(row, headings if settled else {})
            continue
        continues = begins_table and headings.keys() == {cell.column for cell in row.cells}
        settled = True
        if not continues and following.number == row.number + 1 and _are_headings(row.cells):
            headings = {cell.column: cell.text for cell in row.cells}
            continue
        headings = headings if continues else {}
        yield row.number, _line(row, headings)


def _are_headings(cells: tuple[Cell, ...]) -> bool:
    """Short words, or years among them, none twice; a label that ends with a colon has its value beside it."""
    return (
        all(_is_year(cell) or (cell.is_text and _is_heading(cell.text)) for cell in cells)
        and any(cell.is_text for cell in cells)
        and len({cell.text for cell in cells}) == len(cells)
    )


def _is_heading(text: str) -> bool:
    return len(text) <= _HEADING_CHARACTERS and not text.endswith(":") and any(sign.isalpha() for sign in text)


def _is_year(cell: Cell) -> bool:
    return len(cell.text) == _YEAR_DIGITS and cell.text.isdecimal() and int(cell.text) in _YEARS


def _line(row: Row, headings: Headings) -> str:
    if not headings:
        return " | ".join(cell.text for cell in row.cells)
    named = ((headings.get(cell.column) or f"column {column_letters(cell.column)}", cell.text) for cell in row.cells)
    return "; ".join(f"{heading}: {text}" for heading, text in named)


def _notes(workbook: Workbook) -> Iterator[str]:
    if hidden := [one_line(clean(sheet.name)) for sheet in workbook.sheets if sheet.is_hidden]:
        yield f"Hidden sheets were left out; unhide them to have them read: {', '.join(hidden)}."
    if workbook.unknown_results:
        yield (
            f"Formulas without a stored result were left out: {workbook.unknown_results}; "
            "open the workbook in a spreadsheet program, save it and upload it again."
        )
