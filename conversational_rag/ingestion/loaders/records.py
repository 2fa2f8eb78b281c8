"""Rows and records that each make sense alone: gathered into pages of about a chunk, so that a citation names a few."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from conversational_rag.ingestion.loaders.base import Page

PAGE_CHARACTERS = 1_000
Name = TypeVar("Name", int, str)


def gathered(
    records: Iterable[tuple[Name, str]], place: Callable[[Name, Name], str | None], separator: str
) -> Iterator[Page]:
    """Pages of whole records; `place` words where a page stands from the names of its first and its last record.

    A record that is longer than a page has one of its own.
    """
    names, texts, length = list[Name](), list[str](), 0
    for name, text in records:
        if texts and length + len(text) > PAGE_CHARACTERS:
            yield Page(None, separator.join(texts), place(names[0], names[-1]))
            names, texts, length = [], [], 0
        names.append(name)
        texts.append(text)
        length += len(text) + len(separator)
    if texts:
        yield Page(None, separator.join(texts), place(names[0], names[-1]))


def numbered(noun: str) -> Callable[[int, int], str]:
    """Words a place: "row 7", "rows 2-41"."""
    return lambda first, last: f"{noun} {first}" if first == last else f"{noun}s {first}-{last}"
