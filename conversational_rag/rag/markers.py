"""Citation markers in a model's answer: put into one form while the words come, and dropped when they name no source.

Models are asked for [1] and write [1, 2], [1-3], [^1], [[1]], [source 1] and 【1†L3-L8】 as well. Round brackets are
left alone, since lists and laws are full of them, and so is everything in code.
"""

import re
from collections.abc import Iterable, Sequence

_WORDS = {
    "label": "source sources passage passages quelle quellen reference references ref refs document documents doc docs"
    " chunk chunks citation citations fuente fuentes fonte fontes منبع مصدر المصدر 来源 出典 источник",
    "and": "and und et y e en و и",
    "where": "p pp page pages s seite seiten l line lines",
}
_LABELS, _AND, _WHERE = (words.split() for words in _WORDS.values())
_GAP = r"[^\S\n]?"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _beginnings(words: Iterable[str]) -> str:
    return _any_of({word[:end] for word in words for end in range(1, len(word) + 1)})


_LABEL = rf"(?:(?:{_any_of(_LABELS)})[.:]?{_GAP})?#?"
_JOIN = rf"{_GAP}(?:[,;&/،、–—-]|\b(?:{_any_of(_AND)})\b){_GAP}"
_NUMBERS = rf"\^?\d{{1,2}}(?:{_JOIN}\^?\d{{1,2}}){{0,5}}"
_PLACE = rf"(?:[,:]?[^\S\n](?:{_any_of(_WHERE)})\.?{_GAP}\d{{1,4}}(?:{_GAP}[–-]{_GAP}\d{{1,4}})?)?"
_DAGGER = r"(?:(?::\d{1,2})?[^\S\n]?†[^\[\]【】［］\n`]{0,40})?"
_MARKER = "|".join(
    rf"{opening}{_GAP}{_LABEL}(?P<{name}>{_NUMBERS})(?:{_PLACE}|{_DAGGER}){_GAP}{closing}"
    for name, opening, closing in (("double", r"\[\[", r"\]\]"), ("single", r"[\[【［]", r"[\]】］]"))
)
_PIECE = re.compile(rf"(?P<ticks>`+)|(?P<line>\n)|(?P<marker>(?<! ) *(?:{_MARKER}))", re.IGNORECASE)
_NUMBER_OR_RANGE = re.compile(rf"(\d+)(?:{_GAP}[–—-]{_GAP}\^?(\d+))?")
_FENCE = 3

# What a marker may begin with, at the end of the words so far: a text is held back for as long as it looks like this.
_MAY_MATTER = re.compile(r"[\[【［`]")
_INSIDE = rf"(?:[\d,;&/،、–—:.^-]|[^\S\n]|(?<![^\W\d_])(?:{_beginnings(_AND + _WHERE)})(?![^\W\d_]))"
_FIRST = rf"\d{{1,2}}(?!\d){_INSIDE}{{0,50}}(?:†[^\[\]【】［］\n`]{{0,40}})?"
_BEGUN = rf"{_GAP}(?:(?:{_beginnings(_LABELS)})[.:]?{_GAP})?#?\^?(?:{_FIRST})?"
_OPEN_END = re.compile(rf"(?<! ) *(?:(?:\[\[{_BEGUN}\]?|[\[【［]{_BEGUN})\Z|(?<= )\Z)|`+\Z", re.IGNORECASE)


class Markers:
    """One answer's markers; `sources` are the texts that the numbers from 1 stand for.

    `feed` takes the next words and gives what can be said now: all but what may be the beginning of a marker, and a
    space before one. `close` gives the rest. A number that names no source stays only where the sources hold the very
    same brackets: then it is quoted.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = sources
        self._held = ""
        self._code = 0  # the backticks that opened it

    def feed(self, text: str) -> str:
        """The next words of the answer, as far as they are settled."""
        before, text = self._held, self._held + text
        if not self._code and not before.strip(" ") and not _MAY_MATTER.search(text):
            settled = text.rstrip(" ")
            self._held = text[len(settled) :]
            return settled
        open_end = _OPEN_END.search(text)
        end = len(text) if open_end is None else open_end.start()
        self._held = text[end:]
        return _PIECE.sub(self._piece, text[:end])

    def close(self) -> str:
        """What was held back."""
        rest, self._held = self._held, ""
        return _PIECE.sub(self._piece, rest)

    def _piece(self, piece: re.Match[str]) -> str:
        if ticks := piece["ticks"]:
            self._meet_ticks(len(ticks))
        elif piece["line"]:
            # What was opened by one backtick and is not closed on its line was no code.
            self._code = self._code if self._code >= _FENCE else 0
        elif not self._code:
            return self._normal(piece)
        return piece.group()

    def _meet_ticks(self, count: int) -> None:
        if not self._code:
            self._code = count
        elif count == self._code or min(count, self._code) >= _FENCE:
            self._code = 0

    def _normal(self, marker: re.Match[str]) -> str:
        written = marker["marker"]
        literal = written.lstrip(" ")
        named = _numbers(marker["double"] or marker["single"])
        valid = [number for number in named if 1 <= number <= len(self._sources)]
        if 0 in named or (not valid and any(literal in source for source in self._sources)):
            return written
        spaces = written[: len(written) - len(literal)]
        return spaces + "".join(f"[{number}]" for number in valid) if valid else ""


def _numbers(text: str) -> list[int]:
    """Every number that a marker names, ranges written out."""
    found: list[int] = []
    for first, last in _NUMBER_OR_RANGE.findall(text):
        found += range(int(first), int(last or first) + 1) or (int(first), int(last))
    return found
