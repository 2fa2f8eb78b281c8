"""Excerpts: the part of a passage that is worth showing where not all of it can be."""

from collections.abc import Sequence


def excerpt(text: str, wanted: Sequence[str], characters: int) -> str:
    """The stretch of about so many characters that holds most of the wanted (lower-case) words; of equals the first."""
    if len(text) <= characters:
        return text
    starts = [*range(0, len(text) - characters, characters // 4), len(text) - characters]
    lower = text.lower()
    best = max(starts, key=lambda start: sum(word in lower[start : start + characters] for word in wanted))
    return _whole_words(text, best, best + characters)


def _whole_words(text: str, start: int, end: int) -> str:
    """Without the pieces of words at its ends, where it has blanks at all."""
    part = text[start:end]
    if start and not text[start - 1].isspace():
        part = part.partition(" ")[2] or part
    if end < len(text) and not text[end].isspace():
        part = part.rpartition(" ")[0] or part
    return part.strip()
