"""Quotations in an answer: whether what it puts between quotation marks stands in a source."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from conversational_rag.rag.unseen import without_unseen

_MOST = 1000
_PAIRS = (("„", "“”"), ("“", "”"), ("«", "»"), ("»", "«"), ("「", "」"), ("『", "』"))
_QUOTED = re.compile(
    "|".join(rf"{opening}[^{opening}{closing}\n]{{1,{_MOST}}}[{closing}]" for opening, closing in _PAIRS)
    # Inches and code have such marks too: they open behind a gap and close before one.
    + rf'|(?<![\w"])"(?=\S)[^"\n]{{1,{_MOST}}}(?<=\S)"(?![\w"])'
)
# What whoever quotes leaves out or puts in: (…), [the bridge], the mark of a source.
_LEFT_OUT = re.compile(r"[\[(]?(?:…|\.\.\.)[\])]?|\[[^\[\]\n]{1,80}\]")
_SIGNS = re.compile(r"[\W_]+")


def invented(answer: str, texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where, marks included, the answer quotes what none of the texts holds, as (start, end)."""
    known: list[str] = []
    for quoted in _QUOTED.finditer(answer):
        known = known or [_words(text) for text in texts]
        parts = [words for part in _LEFT_OUT.split(quoted.group()) if (words := _words(part))]
        if not any(all(_holds(text, part) for part in parts) for text in known):
            yield quoted.span()


def _words(text: str) -> str:
    """The words with one space between them: case, signs, and how lines are wrapped make no other quotation."""
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", without_unseen(text)).casefold()).strip()


def _holds(text: str, part: str) -> bool:
    """Whether the words stand there; whole ones, where a script has gaps between them."""
    return re.search(rf"(?<![a-z0-9]){re.escape(part)}(?![a-z0-9])", text) is not None
