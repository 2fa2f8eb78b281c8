"""CSV and its kin (semicolons, tabs, bars): every row told by the names of its columns."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from conversational_rag.errors import NoText, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.limits import Allowance, Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.records import gathered, numbered
from conversational_rag.ingestion.text.characters import clean
from conversational_rag.ingestion.text.source import read_text

ERRORS: ErrorTable = {csv.Error: means(UnreadableFile)}
_DELIMITERS = ",;\t|"
_SAMPLE_CHARACTERS, _SAMPLE_ROWS = 64 * 1024, 100
_NAMED_DELIMITER = re.compile(r"sep=(.)\r?\n")  # Excel's own first line
_NUMBER = re.compile(r"[-+(]?[$€£¥]?\s?\d[\d\s.,'’]*(?:e[-+]?\d+)?\s?[%€$£¥)]?", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T ].*)?|\d{1,2}:\d{2}.*")
_YEAR = re.compile(r"(?:1[6-9]|20|21)\d\d")

Row = list[str]


def load(path: Path, limits: Limits) -> LoadedDocument:
    """A line for each row, "column: value; column: value", empty cells left out; `place` counts as a spreadsheet does.

    Rows above the header, and all of a table that has none, are told as their cells alone. Raises EmptyFile,
    NoText, UnreadableFile, ParsingLimit.
    """
    decoded = read_text(path, limits)
    text = decoded.text.removeprefix("\ufeff")
    named = _NAMED_DELIMITER.match(text)
    text = text[named.end() :] if named else text
    csv.field_size_limit(max(1, len(text)))
    with translated(ERRORS):
        delimiter = named.group(1) if named else _delimiter(text)
        lines = _lines(_rows(text, delimiter, is_quoted=not _has_runaway_quote(text, delimiter)))
        allowance = Allowance(limits)
        cleaned = ((number, clean(line).strip()) for number, line in lines)
        told = ((number, allowance.spend(line)) for number, line in cleaned if line)
        pages = tuple(gathered(told, numbered("row"), "\n"))
    if not pages:
        raise NoText("The table has no values: look at what was exported.")
    return LoadedDocument(Kind.CSV, pages, encoding=decoded.encoding, notes=decoded.notes)


def _rows(text: str, delimiter: str, *, is_quoted: bool = True) -> Iterator[Row]:
    """Each cell on one line."""
    quoting: Final = csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, skipinitialspace=True)
    return ([" ".join(cell.split()) for cell in row] for row in reader)


def _delimiter(text: str) -> str:
    """The sign that parts most rows into one and the same number of cells."""
    sample = text[:_SAMPLE_CHARACTERS]
    if len(text) > len(sample) and "\n" in sample:
        sample = sample[: sample.rindex("\n")]
    return max(_DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    rows = islice(_rows(sample, delimiter), _SAMPLE_ROWS)
    widths = Counter(len(row) for row in rows if any(row))
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    return (count / widths.total() if width > 1 else 0.0, width)


def _has_runaway_quote(text: str, delimiter: str) -> bool:
    """A quotation mark that nobody closed, so that the rest of the file would be one cell."""
    if text.count('"') % 2 == 0:
        return False
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    last = [cell for row in reader for cell in row[-1:]][-1:]
    return any("\n" in cell or "\r" in cell for cell in last)


def _lines(rows: Iterator[Row]) -> Iterator[tuple[int, str]]:
    """The number and the words of each row that has any."""
    sample = list(islice(rows, _SAMPLE_ROWS))
    header_index = _header_index(sample)
    header = sample[header_index] if header_index is not None else []
    for number, row in enumerate(_chained(sample, rows), 1):
        is_above = header_index is None or number <= header_index
        if any(row) and number - 1 != header_index:
            yield number, _bare(row) if is_above else _told(header, row)
    # A header with nothing below it is all there is to tell.
    if header_index is not None and not any(map(any, sample[header_index + 1 :])):
        yield header_index + 1, _bare(header)


def _chained(sample: Iterable[Row], rest: Iterable[Row]) -> Iterator[Row]:
    yield from sample
    yield from rest


def _bare(row: Row) -> str:
    return " | ".join(row).strip(" |")


def _told(header: Sequence[str], row: Row) -> str:
    names = (header[index] if index < len(header) else "" for index in range(len(row)))
    pairs = ((name or f"column {index}", cell) for index, (name, cell) in enumerate(zip(names, row, strict=True), 1))
    return "; ".join(f"{name}: {cell}" for name, cell in pairs if cell)


def _header_index(sample: Sequence[Row]) -> int | None:
    """The first row that is as wide as the table and holds names, not values; None for a list or a bare table."""
    widths = Counter(len(row) for row in sample if any(row))
    width = widths.most_common(1)[0][0] if widths else 0
    first = next((index for index, row in enumerate(sample) if _is_filled(row, width)), None)
    return first if first is not None and width > 1 and _holds_names(sample[first]) else None


def _is_filled(row: Row, width: int) -> bool:
    """Unlike a title above the table, whose row is short, or blank but for its beginning."""
    return sum(map(bool, row)) * 2 > width or (len(row) == width and bool(row[-1]))


def _holds_names(row: Row) -> bool:
    values = [cell for cell in row if _NUMBER.fullmatch(cell) or _DATE.fullmatch(cell)]
    return not values or _are_years(values)


def _are_years(values: Sequence[str]) -> bool:
    """As in a table with a column for each year."""
    if len(values) < 2 or not all(map(_YEAR.fullmatch, values)):
        return False
    steps = {int(later) - int(earlier) for earlier, later in pairwise(values)}
    return len(steps) == 1 and 0 not in steps
