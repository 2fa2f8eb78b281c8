"""Numbers of a spreadsheet as its reader sees them: number formats turn 46082.354 into a date, 0.195 into 19.5%.

A date is shown as ISO 8601, whatever the order of its format: 03/04/2026 would leave open which is the month.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

# ECMA-376, part 1, 18.8.30: the formats that a workbook may use without spelling them out, as far as they say much.
BUILT_IN_FORMATS = {
    **dict(zip((1, 2, 3, 4, 9, 10), ("0", "0.00", "#,##0", "#,##0.00", "0%", "0.00%"), strict=True)),
    **dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), "h:mm:ss"),
    22: "yyyy-mm-dd h:mm",
    46: "[h]:mm:ss",
}
_MOST_SERIAL_DAYS = 2_958_466  # 10000-01-01
_FALSE_LEAP_DAY = 60  # 1900-02-29, which never was
_SECONDS_A_DAY = 86_400
_MOST_WHOLE, _MOST_DECIMALS, _MOST_THOUSANDS = 1e21, 30, 5
_PARTS = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<elapsed>\[(?:h+|m+|s+)\])'
    r"|\[[^\]]*\]|[_*].|(?P<end>;)|(?P<placeholder>[0#?.,])|(?P<sign>[^A-Za-z@/])|(?P<code>.)",
    re.IGNORECASE | re.DOTALL,
)
_DATE_CODES, _TIME_CODES = frozenset("yde"), frozenset("hs")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What of a format matters to a reader; `decimals` is None where a number is shown as it is."""

    date: bool = False
    time: bool = False
    elapsed: bool = False
    prefix: str = ""
    suffix: str = ""
    digits: int = 0
    decimals: tuple[int, int] | None = None
    factor: float = 1.0

    def shown(self, value: float, *, since_1904: bool = False) -> str:
        """The value as text; `since_1904` is how workbooks of old Macs count days."""
        if self.elapsed and abs(value) < _MOST_SERIAL_DAYS:
            return _hours(value)
        if (self.date or self.time) and 0 <= value < _MOST_SERIAL_DAYS:
            return self._moment(value, since_1904=since_1904)
        sign, size = "-" if value < 0 else "", abs(value) * self.factor
        return f"{sign}{self.prefix}{self._number(size)}{self.suffix}"

    def _moment(self, days: float, *, since_1904: bool) -> str:
        first = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 + (days < _FALSE_LEAP_DAY))  # noqa: DTZ001
        try:
            moment = first + timedelta(seconds=round(days * _SECONDS_A_DAY))
        except OverflowError:
            return plain(days)
        clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
        return " ".join([*([moment.date().isoformat()] if self.date else []), *([clock] if self.time else [])])

    def _number(self, size: float) -> str:
        if self.decimals is None:
            return plain(size)
        least, most = self.decimals
        whole, _, fraction = f"{size:.{most}f}".partition(".")
        fraction = fraction[:least] + fraction[least:].rstrip("0")
        return whole.zfill(self.digits) + (f".{fraction}" if fraction else "")


@lru_cache(maxsize=1024)
def number_format(code: str) -> NumberFormat:
    """The format that a code like `#,##0.00 "€"` describes; only its first section, for positive numbers, is read."""
    prefix = suffix = placeholders = codes = ""
    elapsed = False
    for part in _PARTS.finditer(code):
        if part["end"]:
            break
        elapsed = elapsed or bool(part["elapsed"])
        codes += (part["code"] or "").lower()
        literal = part["quoted"] or part["escaped"] or part["currency"] or part["sign"] or ""
        if placeholders:
            codes += "@" if part["placeholder"] and suffix else ""  # 000-0000 and its like
            suffix += literal
        else:
            prefix += literal
        placeholders += part["placeholder"] or ""
    return _understood(codes, prefix, placeholders, suffix, elapsed=elapsed)


def plain(value: float) -> str:
    """A number without a format: eleven digits, as many as a cell shows, but all of a whole number."""
    return str(int(value)) if abs(value) < _MOST_WHOLE and value == int(value) else f"{value:.11g}"


def _understood(codes: str, prefix: str, placeholders: str, suffix: str, *, elapsed: bool) -> NumberFormat:
    used = frozenset(codes.removeprefix("general"))
    if elapsed:
        return NumberFormat(elapsed=True)
    if used & (_DATE_CODES | _TIME_CODES | {"m"}) and "0" not in placeholders.split(".")[0]:
        time = bool(used & _TIME_CODES)
        return NumberFormat(date=bool(used & _DATE_CODES) or not time, time=time)
    if used:
        return NumberFormat()
    factor = 100.0 if "%" in prefix + suffix else 1.0
    if not placeholders.strip("."):
        return NumberFormat(prefix=prefix, suffix=suffix, factor=factor)
    whole, _, fraction = placeholders.rstrip(",").partition(".")
    factor /= 1000.0 ** min(len(placeholders) - len(placeholders.rstrip(",")), _MOST_THOUSANDS)
    fraction = fraction[:_MOST_DECIMALS]
    decimals = (fraction.count("0"), len(fraction))
    return NumberFormat(prefix=prefix, suffix=suffix, digits=whole.count("0"), decimals=decimals, factor=factor)


def _hours(days: float) -> str:
    seconds = round(abs(days) * _SECONDS_A_DAY)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")
    return f"-{clock}" if days < 0 else clock
