"""Words that were broken at the end of a line, put together again."""

import re
from collections.abc import Sequence

# PDFium marks a hyphen at a line end with U+0002 (or U+FFFE) and drops the line break; others keep "-\n".
_BREAK = re.compile(r"([^\W\d_]+)(?:[\x02\ufffe]|[-\u00ad\u2010]\n)(\w+)")
_MARK = re.compile(r"(?<=\w)[\x02\ufffe]")
_SOFT_HYPHEN = re.compile(r"\u00ad")
_WORD = re.compile(r"[^\W\d_]+")
# "Vor- und Nachteile", "pre- and post-war": a hyphen that stands for a word left out.
_CONJUNCTIONS = frozenset(
    {"and", "or", "to", "und", "oder", "bzw", "bis", "sowie", "et", "ou", "y", "e", "o", "en", "of"}
)


def join_broken_words(pages: Sequence[str]) -> list[str]:
    """The pages with words joined over line ends; their hyphen stays where the document itself writes it."""
    if not any(_BREAK.search(page) or _MARK.search(page) or "\u00ad" in page for page in pages):
        return list(pages)
    words = {word.lower() for page in pages for word in _WORD.findall(_BREAK.sub(" ", page))}
    return [
        _SOFT_HYPHEN.sub("", _MARK.sub("-", _BREAK.sub(lambda found: _joined(found, words), page))) for page in pages
    ]


def _joined(found: re.Match[str], words: set[str]) -> str:
    left, right = found.group(1), found.group(2)
    if right.lower() in _CONJUNCTIONS:
        return f"{left}- {right}"
    in_one_case = right[0].islower() or (left.isupper() and right.isupper())
    if in_one_case and not _is_compound(left.lower(), right.lower(), words):
        return left + right
    return f"{left}-{right}"


def _is_compound(left: str, right: str, words: set[str]) -> bool:
    """Both halves are words of this document, and the two run together are not."""
    return left in words and right in words and left + right not in words
