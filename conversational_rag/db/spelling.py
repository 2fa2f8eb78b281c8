"""Spelling: the forms under which the keyword index knows a word, so that a question and a text meet in one of them.

SQLite's tokenizer folds case and accents and splits at what is neither a letter nor a digit. What it cannot do is done
here: scripts without spaces are cut into overlapping pairs (Thai: threes) of characters, Arabic and Farsi letters that
have several codes or ornaments are written in one way, wide and foreign digits as 0 to 9, ø as o.

What `further_words` gives stands in the database: a change of it needs a migration that fills `chunks.words` anew.
"""

import re
import unicodedata
from collections.abc import Iterator

# Of the two planes that scripts are written in. In C as far as can be: each start waits for it.
_CHARACTERS = "".join(map(chr, range(0x80, 0x20000)))
_DIGITS = "".join(filter(str.isdecimal, _CHARACTERS))
_MARKS = "".join(
    each for each in filter(str.isprintable, _CHARACTERS) if not each.isalnum() and unicodedata.category(each)[0] == "M"
)
WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}]|(?<=\d)[.,](?=\d))*")
"""Letters and digits with the marks that some scripts write vowels with; the points of 3.5 and 10,000 are inside."""

_HAN_AND_KANA = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_THAI_AND_LAO = "\u0e00-\u0eff"
_UNSPACED = _HAN_AND_KANA + _HANGUL + _THAI_AND_LAO
_ARABIC = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff"
# Superscripts, ligatures of PDFs, wide letters and digits.
_COMPATIBLE = "\u00aa\u00b2\u00b3\u00b9\u00ba\u2070-\u209c\ufb00-\ufb06\uff00-\uffef"
# Letters that are no letter with an accent: nothing but this table knows their Latin twin.
_TWINS = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
_ONE_ARABIC_LETTER = dict(zip("أإآٱىيئكةۀؤ", "ااااییی" + "کههو", strict=True))
_PLAIN = str.maketrans(_TWINS | _ONE_ARABIC_LETTER)
_SPECIAL = re.compile(f"[{_UNSPACED}{_ARABIC}{_COMPATIBLE}{_DIGITS}{''.join(_TWINS)}{''.join(_TWINS).upper()}]")

# Looked at one by one the letters of a page would take ten times as long as each kind of them once.
_ASCII = {chr(code) for code in range(0x80)}
_RUNS = re.compile(f"[{_HAN_AND_KANA}]+|[{_HANGUL}]+|[{_THAI_AND_LAO}]+|[^{_UNSPACED}]+")
_IS_UNSPACED, _IS_THAI_OR_LAO = re.compile(f"[{_UNSPACED}]"), re.compile(f"[{_THAI_AND_LAO}]")
_IS_ARABIC = re.compile(f"[{_ARABIC}]")
_HAN, _FEW = re.compile("[\u3400-\u9fff]"), 3
_ORNAMENTS = re.compile("[\u0640\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")
_TONES = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd]")
# "and", "with", "like" and "for" are written together with the article.
_ARTICLE = re.compile("^(?:[وف]?[بک]?ال|[وف]?لل)(?=.{3})")


def asked_words(word: str) -> list[str]:
    """What to ask the index for a word of a question; in most scripts one word, the plain one."""
    if word.isascii():
        return [word.lower()]
    return [form for run in _RUNS.findall(_compatible(word)) for form in _forms(run, indexed=False)]


def further_words(text: str) -> str | None:
    """The words by which a text is found beside those that SQLite's tokenizer reads in it; None when there are none."""
    if text.isascii() or not _SPECIAL.search("".join({*text} - _ASCII)):
        return None
    found = [form for match in WORD.finditer(text) for form in _further(match.group())]
    return " ".join(found) or None


def is_beginning(form: str) -> bool:
    """Whether an asked word is shorter than the pieces of its script that stand in the index."""
    return bool(_IS_UNSPACED.match(form)) and len(form) < _piece_length(form)


def _further(word: str) -> Iterator[str]:
    if not _SPECIAL.search(word):
        return
    runs = _RUNS.findall(_compatible(word))
    forms = [form for run in runs for form in _forms(run, indexed=True)]
    if forms != [unicodedata.normalize("NFC", word).lower()]:
        yield from forms


def _forms(run: str, *, indexed: bool) -> list[str]:
    if _IS_UNSPACED.match(run):
        return _pieces(run, indexed=indexed)
    plain = run.translate(_PLAIN)
    if _IS_ARABIC.search(plain):
        plain = _ARTICLE.sub("", _ORNAMENTS.sub("", plain))
    return [plain] if plain else []


def _pieces(run: str, *, indexed: bool) -> list[str]:
    """Overlapping pieces. In the index the last ones are shorter, so that every character begins one.

    Of a few Chinese characters each is asked for as well: any two of them need not be one word.
    """
    letters, length = _TONES.sub("", run), _piece_length(run)
    count = len(letters) if indexed else max(1, len(letters) - length + 1)
    pieces = [piece for start in range(count) if (piece := letters[start : start + length])]
    alone = [] if indexed or not 1 < len(letters) <= _FEW else _HAN.findall(letters)
    return pieces + alone


def _piece_length(run: str) -> int:
    return 3 if _IS_THAI_OR_LAO.match(run) else 2


def _compatible(word: str) -> str:
    """Lower-case, in the compatible and composed form of Unicode, with digits 0 to 9."""
    lower = unicodedata.normalize("NFKC", word).lower()
    if lower.isascii():
        return lower
    return "".join(str(unicodedata.decimal(each, each)) for each in lower)
