"""Numbers as people write them: 1,932 and 1932, 3.5 and 3,5, ۲۴ and 24, 2024-12-03 and 3 December 2024."""

import re
import unicodedata

_DIGIT = re.compile(r"[^\x00-\x7F]")
_SPACED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u2009\u202f]\d{3})+)(?![\d])")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_SHORT_DATE = re.compile(r"\b(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_NUMBER = re.compile(r"\d+(?:[.,'’]\d+)*")
_LIST_ITEM = re.compile(r"(?m)^\s*\d{1,3}[.)]\s")
_SEPARATORS = str.maketrans({"٫": ".", "٬": ","})

# The first letters of the months in English, German, French, Spanish, Italian, Portuguese and Dutch.
_MONTHS = (
    "jan ene gen", "feb fev fév", "mar mär maa", "apr avr abr", "may mai mag mei", "jun juin giu", "jul juil lug",
    "aug aou aoû ago", "sep set", "oct okt oto ott out", "nov", "dec dez déc dic",
)  # fmt: skip
_MONTH_OF = {beginning: number for number, names in enumerate(_MONTHS, 1) for beginning in names.split()}
# Only beside a number: "mar" begins more than March.
_MONTH_NAME = re.compile(
    rf"(?:\d(?:st|nd|rd|th|er|\.|º)?\s+(?:de\s+)?({'|'.join(_MONTH_OF)})|\b({'|'.join(_MONTH_OF)})[^\W\d_]*\.?,?\s+(?:de\s+)?\d)",
    re.IGNORECASE,
)
_SMALL = {
    "one ein eine einen eins un une uno una um uma": 1, "two zwei deux dos due dois duas": 2,
    "three drei trois tres tre três": 3, "four vier quatre cuatro quattro quatro": 4, "five fünf cinq cinco cinque": 5,
    "six sechs seis sei": 6, "seven sieben sept siete sette sete": 7, "eight acht huit ocho otto oito": 8,
    "nine neun neuf nueve nove": 9, "ten zehn dix diez dieci dez": 10, "eleven elf onze once undici": 11,
    "twelve zwölf douze doce dodici doze": 12,
}  # fmt: skip
_VALUE_OF = {word: str(value) for words, value in _SMALL.items() for word in words.split()}
_WORD = re.compile(r"[^\W\d_]+")
_SIGNS = {
    "€": r"€|eur", "$": r"\$|usd|dollar|dólar", "£": r"£|gbp|pound|pfund|livre|libra",
    "¥": r"¥|￥|jpy|cny|rmb|yen|yuan|元|円",
}  # fmt: skip


def numbers_in(text: str) -> list[frozenset[str]]:
    """Every number of a statement with its readings (1.200 is 1200 or 1.2), without the numbers of list items."""
    plain = _join_spaced(_LIST_ITEM.sub(" ", ascii_digits(text)))
    dates = [part for date in _dates(plain) for part in date]
    rest = _SHORT_DATE.sub(" ", _ISO_DATE.sub(" ", plain))
    return [frozenset((part,)) for part in dates] + [_readings(number) for number in _NUMBER.findall(rest)]


def readings_in(text: str) -> frozenset[str]:
    """Every reading of every number that stands in a text, also those in words and the months."""
    plain = ascii_digits(text)
    found = {reading for number in _NUMBER.findall(plain) for reading in _readings(number)}
    found.update(reading for number in _NUMBER.findall(_join_spaced(plain)) for reading in _readings(number))
    found.update(part for date in _dates(plain) for part in date)
    found.update(str(_MONTH_OF[(match.group(1) or match.group(2)).lower()]) for match in _MONTH_NAME.finditer(plain))
    found.update(_VALUE_OF[word] for word in _WORD.findall(plain.lower()) if word in _VALUE_OF)
    return frozenset(found)


def currencies_differ(statement: str, text: str) -> bool:
    """Whether a statement has a sign of money that the text has neither as a sign nor as a word."""
    return any(sign in statement and not re.search(names, text, re.IGNORECASE) for sign, names in _SIGNS.items())


def ascii_digits(text: str) -> str:
    """The text with the digits of all scripts as 0 to 9."""
    return _DIGIT.sub(_as_ascii, text).translate(_SEPARATORS)


def _as_ascii(character: re.Match[str]) -> str:
    return str(unicodedata.digit(character.group(), None) or 0) if character.group().isdecimal() else character.group()


def _join_spaced(text: str) -> str:
    return _SPACED.sub(lambda number: re.sub(r"\D", "", number.group()), text)


def _dates(text: str) -> list[tuple[str, ...]]:
    found = [match.groups() for match in _ISO_DATE.finditer(text)]
    found += [(day, month, year) for day, _, month, year in _SHORT_DATE.findall(text)]
    return [tuple(_plain(part) for part in date) for date in found]


def _readings(number: str) -> frozenset[str]:
    parts, marks = re.split(r"[.,'’]", number), set(re.findall(r"[.,'’]", number))
    joined = _plain("".join(parts))
    grouped = len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])
    if len(parts) == 1 or marks <= {"'", "’"}:
        return frozenset((joined,))
    decimal = _plain(f"{''.join(parts[:-1])}.{parts[-1]}")
    if len(parts) == 2:
        return frozenset((decimal, joined) if grouped else (decimal,))
    if len(marks) > 1:
        return frozenset((decimal,))
    return frozenset((joined,) if grouped or marks == {","} else (number,))


def _plain(number: str) -> str:
    """Without zeros that say nothing."""
    whole, point, decimals = number.partition(".")
    decimals = decimals.rstrip("0")
    return (whole.lstrip("0") or "0") + (point + decimals if decimals else "")
