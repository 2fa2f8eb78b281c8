"""JSON and JSON Lines: every value told by its path, every record a paragraph."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from conversational_rag.errors import BadInput, NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.limits import Allowance, Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.loaders.records import gathered, numbered
from conversational_rag.ingestion.text.characters import clean
from conversational_rag.ingestion.text.lines import one_line
from conversational_rag.ingestion.text.source import read_text

_WHITE_SPACE = re.compile(r"[\s\ufeff\x1e]*")  # the last one parts the records of JSON text sequences
_BLANK_LINES = re.compile(r"\n\s*\n")
_SHORT = 100  # a list of longer texts has an entry a record

Value = Any  # None, a bool, a str (numbers too), a list of values, or an _Object


class _Object(tuple[tuple[str, Value], ...]):
    """The members of an object in the order of the file, a key that comes twice too."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A value that is told as a whole: a list of records, or what holds none. `key` is the top-level one above it."""

    key: str
    path: str
    value: Value

    @property
    def is_records(self) -> bool:
        return _is_records(self.value)


def load(path: Path, limits: Limits) -> LoadedDocument:
    """A line "path.to.key: value" for each value that says something, numbers as they are written.

    `place` names the top-level key, or the records, which count from 1. Raises EmptyFile, ParsingLimit, NoText, and
    UnreadableFile with line and column of what is not JSON.
    """
    with translated(ERRORS):
        decoded = read_text(path, limits)
        values = list(_values(decoded.text))
        pages = tuple(_pages(values[0] if len(values) == 1 else values, Allowance(limits)))
    if not pages:
        raise NoText("The JSON holds no values: look at what was exported.")
    return LoadedDocument(Kind.JSON, pages, encoding=decoded.encoding, notes=decoded.notes)


def _values(text: str) -> Iterator[Value]:
    """One value, or with JSON Lines one a record."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_Object, parse_int=str, parse_float=str, parse_constant=str, strict=False
    )
    position = _end_of_space(text, 0)
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        yield value
        position = _end_of_space(text, position)


def _end_of_space(text: str, position: int) -> int:
    match = _WHITE_SPACE.match(text, position)
    return match.end() if match else position


def _pages(root: Value, allowance: Allowance) -> Iterator[Page]:
    parts = [_Part("", "", root)] if isinstance(root, list) else _parts("", "", root)
    for is_records, run in groupby(parts, key=lambda part: part.is_records):
        if is_records or isinstance(root, list):
            for part in run:
                yield from _record_pages(part, allowance)
        else:
            yield from gathered(_by_key(run, allowance), _keys, "\n")


def _parts(key: str, path: str, value: Value) -> Iterator[_Part]:
    if isinstance(value, _Object) and (not path or any(isinstance(member, list | _Object) for _name, member in value)):
        for name, member in value:
            yield from _parts(key or name, _joined(path, name), member)
    else:
        yield _Part(key, path, value)


def _record_pages(part: _Part, allowance: Allowance) -> Iterator[Page]:
    records = enumerate(part.value, 1)
    told = ((number, "\n".join(_lines(part.path, record, allowance))) for number, record in records)
    separator = "\n\n" if part.is_records else "\n"
    place = numbered(f"{one_line(part.path)}, record" if part.path else "record")
    yield from gathered(((number, text) for number, text in told if text), place, separator)


def _by_key(parts: Iterable[_Part], allowance: Allowance) -> Iterator[tuple[str, str]]:
    for key, run in groupby(parts, key=lambda part: part.key):
        lines = [line for part in run for line in _lines(part.path, part.value, allowance)]
        if lines:
            yield key, "\n".join(lines)


def _keys(first: str, last: str) -> str | None:
    first, last = one_line(first), one_line(last)
    if first == last:
        return f"key {first}" if first else None
    return f"keys {first} to {last}"


def _lines(path: str, value: Value, allowance: Allowance) -> Iterator[str]:
    if isinstance(value, _Object):
        for name, member in value:
            yield from _lines(_joined(path, name), member, allowance)
    elif _is_records(value):
        for index, member in enumerate(value):
            yield from _lines(f"{path}[{index}]", member, allowance)
    else:
        text = ", ".join(filter(None, map(_shown, value))) if isinstance(value, list) else _shown(value)
        if text:
            yield allowance.spend(f"{path}: {text}" if path else text)


def _is_records(value: Value) -> bool:
    return isinstance(value, list) and any(
        isinstance(member, list | _Object) or len(_shown(member)) > _SHORT for member in value
    )


def _shown(scalar: Value) -> str:
    """ "" for what says nothing; long texts keep their lines."""
    if scalar is None:
        return ""
    text = str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
    return _BLANK_LINES.sub("\n", clean(text)).strip()


def _joined(path: str, name: str) -> str:
    name = " ".join(clean(name).split())
    return f"{path}.{name}" if path else name


def _invalid(error: Exception) -> BadInput:
    if not isinstance(error, json.JSONDecodeError):
        return UnreadableFile()
    return UnreadableFile(
        f"The JSON is not valid at line {error.lineno}, column {error.colno} ({error.msg}); "
        "mend it there and upload it again."
    )


ERRORS: ErrorTable = {
    json.JSONDecodeError: _invalid,
    RecursionError: means(ParsingLimit, "The JSON is nested too deeply to be read: flatten it."),
}
