"""Takes figures out of the benchmarks' reports: a value of a row, a ratio of two."""

from collections.abc import Callable, Mapping
from typing import Any

Report = Mapping[str, Any]
# None: it was not measured.
Figure = Callable[[Report], float | None]


def value(key: str, part: str = "rows", **wanted: object) -> Figure:
    """A value of the first row of this part that has what is wanted; of a text its beginning is enough."""

    def look(report: Report) -> float | None:
        rows = (row for row in report[part] if all(_fits(row[name], each) for name, each in wanted.items()))
        return next((float(row[key]) for row in rows), None)

    return look


def ratio(over: Figure, under: Figure) -> Figure:
    """One value divided by another."""

    def divided(report: Report) -> float | None:
        above, below = over(report), under(report)
        return above / below if above is not None and below else None

    return divided


def most(key: str, part: str = "rows", **wanted: object) -> Figure:
    """The largest of a value in the rows that have what is wanted."""

    def look(report: Report) -> float | None:
        rows = (row for row in report[part] if all(_fits(row[name], each) for name, each in wanted.items()))
        return max((float(row[key]) for row in rows), default=None)

    return look


def of_last(part: str, *keys: str) -> Figure:
    """A value of the part's last row, or the sum of several."""
    return lambda report: sum(float(report[part][-1][key]) for key in keys)


def of(*path: str) -> Figure:
    """A value by its place in the report."""

    def look(report: Report) -> float | None:
        found: Any = report
        for key in path:
            found = found[key]
        return float(found)

    return look


def _fits(found: object, wanted: object) -> bool:
    return found == wanted or (isinstance(found, str) and found.startswith(str(wanted)))
