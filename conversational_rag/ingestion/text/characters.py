"""Which characters may stand in extracted text: line ends made one, what nobody can read left out."""

import re
import unicodedata

_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\u2028]")
_PARAGRAPH_ENDS = re.compile(r"\u2029")
_SPACES = re.compile(r"[\u00a0\u2007\u202f]")
# Control characters but tab and line feed, lone surrogates, the byte order mark and the two non-characters beside it.
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]")
# Latin ligatures, Hebrew and Arabic presentation forms, CJK radicals: glyphs of a font, not letters one searches for.
_GLYPH_FORMS = re.compile(r"[\u2e80-\u2fd5\uf900-\ufaff\ufb00-\ufb4f\ufb50-\ufd3d\ufd40-\ufdff\ufe70-\ufefc]+")
_SYMBOL_BULLETS = re.compile("[\uf06c\uf06e\uf06f\uf071\uf076\uf0a7\uf0a8\uf0b7\uf0d8\uf0e0\uf0fc]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")


def clean(text: str) -> str:
    """The text with `\\n` as its only line end, plain spaces for hard ones, and no control characters."""
    text = _PARAGRAPH_ENDS.sub("\n\n", _LINE_ENDS.sub("\n", text))
    return _UNREADABLE.sub("", _SPACES.sub(" ", text))


def spell_out(text: str) -> str:
    """Letters for the glyphs that typesetting puts in their place (ﬁ, Arabic forms, CJK radicals).

    Only these: a full NFKC would also turn x² into x2 and ½ into 1⁄2. What a symbol font keeps in
    the private use area is a bullet, or nothing.
    """
    text = _GLYPH_FORMS.sub(lambda run: unicodedata.normalize("NFKC", run.group()), text)
    return _PRIVATE.sub("", _SYMBOL_BULLETS.sub("•", text))
