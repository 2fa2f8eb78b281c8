"""Fences: how material is set apart in a prompt, so that nothing in it can end its fence, begin one, or pass for one.

What could is written as a character reference: `&lt;/passage>`. Text that holds such a reference already has its
ampersand written as one, so every prompt can be read back to exactly what was fenced.
"""

import re
import unicodedata
from xml.sax.saxutils import quoteattr

_NAMES = ("passage", "earlier", "asked", "answered")
# What stands behind "<": our own fences, and marks by which models are trained to tell who speaks.
_BEHIND = rf"(?:[\s/\\]{{0,4}}(?:{'|'.join(_NAMES)})|/?think>|/?(?:start|end)_of_turn>|/?SYS>>|\|[\w.:/▁-]{{1,40}}\|>)"
# Each way begins with its own sign, so that all else is passed over quickly.
_OPENING = re.compile(
    rf"<(?={_BEHIND})|&(?:amp;)*(?:lt|#\d{{1,7}});(?={_BEHIND})|\[(?=/?INST\])|&(?:amp;)*#91;(?=/?INST\])",
    re.IGNORECASE,
)
_REFERENCES = {"<": "&lt;", "&": "&amp;"}

_LOOK_ALIKE = {
    "<": "＜﹤‹〈⟨〈❮˂ᐸ", "/": "／∕⁄⧸╱", "|": "｜∣❘│", ">": "＞﹥›〉⟩〉❯˃ᐳ", "[": "［", "]": "］",
    "a": "аɑα", "d": "ԁ", "e": "е", "g": "ɡ", "i": "іι", "k": "кκ", "n": "ո", "o": "оο", "p": "рρ", "r": "г", "s": "ѕ",
    "w": "ԝ",
}  # fmt: skip
# Full-width and mathematical letters, each one character for one.
_STYLED = (*range(0xFF21, 0xFF5B), *range(0x1D400, 0x1D6A4))


def fence(name: str, text: str, attributes: str = "") -> str:
    """The text between a pair of tags, which it cannot close."""
    return f"<{name}{attributes}>\n{escape(text)}\n</{name}>"


def attribute(name: str, text: str) -> str:
    """name="text" """
    return f" {name}={quoteattr(text, {} if text.isascii() else _LIKE_BRACKETS)}"


def escape(text: str) -> str:
    """The text with nothing in it that could be taken for a fence; text without such a thing is not changed."""
    if _SIGN.search(text) is None:
        return text
    plain = text if text.isascii() else text.translate(_PLAIN)
    pieces, end = list[str](), 0
    for opening in _OPENING.finditer(plain):
        first = text[opening.start()]
        pieces += text[end : opening.start()], _REFERENCES.get(first, f"&#{ord(first)};")
        end = opening.start() + 1
    return "".join((*pieces, text[end:]))


def _plain_letters() -> dict[int, str]:
    """One plain character for each that looks like it: positions stay."""
    table = {ord(other): plain for plain, others in _LOOK_ALIKE.items() for other in others}
    return table | {code: unicodedata.normalize("NFKC", chr(code)) for code in _STYLED}


_PLAIN = _plain_letters()
_SIGN = re.compile(f"[<&[{''.join(chr(code) for code, plain in _PLAIN.items() if plain in '<&[')}]")
_LIKE_BRACKETS = {other: f"&#{ord(other)};" for other in _LOOK_ALIKE["<"]}
