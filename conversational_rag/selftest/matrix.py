"""What was found: who asked what, what he had to be answered, and what he was."""

from dataclasses import dataclass, field

from conversational_rag.selftest.expectations import About, Outcome


@dataclass(frozen=True, slots=True)
class Cell:
    """One caller's request. `faults` say what is wrong, in sentences; none: all is right."""

    caller: str
    expected: Outcome
    status: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One way to ask an operation, and all who did. `way` tells the ways of a WebSocket apart."""

    operation: str
    about: About
    cells: tuple[Cell, ...]
    way: str = ""


@dataclass(slots=True)
class Matrix:
    """All of it. `gaps` are operations that were not asked, with the reason; the counts say how much was looked at."""

    callers: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    gaps: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    marks: int = 0
    twins: int = 0
    inspections: int = 0

    @property
    def wrong(self) -> list[tuple[Row, Cell]]:
        """The cells that are not as they must be."""
        return [(row, cell) for row in self.rows for cell in row.cells if cell.faults]

    @property
    def is_right(self) -> bool:
        """Every operation was asked, and every answer was as it must be."""
        return bool(self.rows) and not self.wrong and not self.gaps
