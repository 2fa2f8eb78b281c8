"""What the selftest of isolation has found, as a table and as JSON."""

import json
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from conversational_rag.selftest.matrix import Cell, Matrix, Row


def parts(matrix: Matrix) -> Iterator[RenderableType]:
    """The matrix, what is wrong in sentences, and the sum."""
    yield _table(matrix)
    for operation, reason in sorted(matrix.gaps.items()):
        yield Text(f"{operation}: not asked, {reason}", style="red")
    for row, cell in matrix.wrong:
        for fault in cell.faults:
            yield Text(f"{_title(row)}, {cell.caller}: {fault}", style="red")
    yield Text(_sum(matrix))


def as_json(matrix: Matrix, url: str) -> str:
    """The same as one JSON document; the keys are told in docs/access.md."""
    return json.dumps(
        {
            "url": url,
            "right": matrix.is_right,
            "rows": [
                {
                    "operation": row.operation,
                    "about": row.about.value,
                    "way": row.way or None,
                    "callers": {cell.caller: _cell_object(cell) for cell in row.cells},
                }
                for row in matrix.rows
            ],
            "gaps": matrix.gaps,
            "requests": matrix.requests,
            "marks_searched": matrix.marks,
            "twins_compared": matrix.twins,
            "inspections": matrix.inspections,
        },
        indent=2,
    )


def _table(matrix: Matrix) -> Table:
    table = Table("operation", "about", *matrix.callers)
    for row in matrix.rows:
        cells = {cell.caller: _shown(cell) for cell in row.cells}
        table.add_row(_title(row), row.about.value, *(cells.get(name, Text("")) for name in matrix.callers))
    return table


def _title(row: Row) -> str:
    return f"{row.operation}, key {row.way}" if row.way else row.operation


def _shown(cell: Cell) -> Text:
    if cell.faults:
        return Text(f"WRONG {cell.status}", style="bold red")
    return Text(f"ok {cell.status}", style="green" if cell.status < 300 else "")


def _sum(matrix: Matrix) -> str:
    cells = sum(len(row.cells) for row in matrix.rows)
    operations = len({row.operation for row in matrix.rows})
    verdict = "all right" if matrix.is_right else f"{len(matrix.wrong)} wrong, {len(matrix.gaps)} not asked"
    return (
        f"{operations} operations, {cells} cells, {matrix.requests} requests: {verdict}. Answers were searched for "
        f"{matrix.marks} marks, {matrix.twins} refusals compared with those of what never was, and after "
        f"{matrix.inspections} of them what the client has was counted."
    )


def _cell_object(cell: Cell) -> dict[str, object]:
    return {"expected": cell.expected.value, "status": cell.status, "right": not cell.faults, "faults": cell.faults}
