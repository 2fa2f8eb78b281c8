"""The benchmarks' reports as tables, for a terminal and for the page about performance."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.figures import Report
from benchmarks.promises import PROMISES

Reports = Mapping[str, Mapping[str, Any]]
_NOT_MEASURED = "Not measured in this run."
# What of a report is a table, in this order; the rest of its lists are not shown.
_PARTS = ("rows", "crowds", "created", "plain", "held")
_UNITS = {"ms": "ms", "us": "us", "s": "s", "mb": "MB"}


def machine(lines: Reports) -> str:
    """One sentence."""
    report = lines["machine"]["report"]
    loads = [line["load_before"] for name, line in lines.items() if name != "machine"]
    return (
        f"{report['cores']} cores ({report['processor']}), {report['memory_gb']:.0f} GB of memory, {report['system']}, "
        f"Python {report['python']}, SQLite {report['sqlite']}; the load of the machine before each benchmark was "
        f"{min(loads):.1f} to {max(loads):.1f}."
    )


def promises(lines: Reports, only: str | None = None) -> str:
    """A row for each promise, or each one of a benchmark."""
    rows: list[dict[str, Any]] = []
    for promise in PROMISES:
        if only in (None, promise.benchmark):
            report = lines.get(promise.benchmark, {}).get("report")
            figure = None if report is None else promise.figure(report)
            told = "" if figure is None else f"{_number(figure)}{promise.goal.unit}"
            verdict = "not measured" if report is None else promise.verdict(report)
            rows.append(
                {"benchmark": promise.benchmark, "promise": promise.text, "goal": promise.goal, "figure": told}
                | {"": verdict}
            )
    return table(rows)


def section(lines: Reports, name: str) -> str:
    """What was measured by one benchmark."""
    line = lines.get(name)
    if line is None:
        return _NOT_MEASURED
    report = line["report"]
    tables = [table(report[part]) for part in _PARTS if report.get(part)]
    return "\n\n".join([_size(report), *tables, *_sentences(report)]).strip()


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the same keys as a table of Markdown; columns in which nothing stands are left out."""
    names = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [[_title(name) for name in names], *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    numbers = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    rule = ["-" * (width - 1) + (":" if number else "-") for width, number in zip(widths, numbers, strict=True)]
    return "\n".join(_line(row, widths, numbers) for row in [cells[0], rule, *cells[1:]])


def _line(row: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if number else cell.ljust(width)
        for cell, width, number in zip(row, widths, numbers, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def _title(key: str) -> str:
    """`first_word_p50_ms` as "first word p50, ms", `chunks_per_s` as "chunks per s"."""
    *words, last = key.replace("cpu", "CPU").split("_")
    if not words or last not in _UNITS:
        return " ".join([*words, last])
    return f"{' '.join(words)}{'' if words[-1] == 'per' else ','} {_UNITS[last]}"


def _cell(value: object) -> str:
    return _number(value) if isinstance(value, int | float) else "" if value is None else str(value)


def _number(value: float) -> str:
    """Three digits are enough."""
    if value == 0 or isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    return f"{value:.{digits}f}"


def _size(report: Report) -> str:
    """The plain numbers of the report: mostly how much was asked of it."""
    numbers = [f"{key.replace('_', ' ')} {_number(value)}" for key, value in report.items() if _is_number(value)]
    return f"Measured with: {', '.join(numbers)}." if numbers else ""


def _sentences(report: Report) -> Iterator[str]:
    """The groups of numbers that are no table."""
    for key, group in report.items():
        if isinstance(group, dict):
            # The names of files are told as they are.
            named = {name if "." in name else _title(name): value for name, value in group.items()}
            numbers = ", ".join(f"{name} {_number(value)}" for name, value in named.items())
            title = _title(key)
            yield f"{title[0].upper()}{title[1:]}: {numbers}."


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
