"""Paragraphs and table rows as word processors write them: a mark behind each, none before."""

import re

_SURROGATES = re.compile("[\ud800-\udfff]")


class Paragraphs:
    """Text that grows piece by piece; UTF-16 halves of a character may come one by one."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._pieces: list[str] = []
        self._cells: list[str] = []
        self._inner_cells: list[str] = []
        self._inner_rows: list[str] = []
        self._attached: list[str] = []
        self._ends_in_row = False

    def write(self, text: str) -> None:
        """Add to the paragraph."""
        self._pieces.append(text)

    def attach(self, text: str) -> None:
        """A note or a text box: it follows the paragraph, or the row, that it is written in."""
        self._attached.append(text)

    def end_paragraph(self, *, in_cell: bool = False) -> None:
        """In a cell it is a line that ends, and what a cell holds stands on one line."""
        if in_cell:
            self._pieces.append("\n")
            return
        self.end_row()
        self._add(self._taken().strip(), is_row=False)
        self._add_attached()

    def end_cell(self) -> None:
        """What was written since the last mark is a cell; one that holds a table only lays out the page."""
        self.end_inner_row()
        cell, inner_rows = " ".join(self._taken().split()), self._inner_rows
        if inner_rows:
            self.end_row()
            for row in inner_rows:
                self._add(row, is_row=True)
            self._inner_rows = []
        if cell or not inner_rows:
            self._cells.append(cell)

    def end_inner_cell(self) -> None:
        """What was written since the last mark is a cell of a table in a cell, after the lines that are not in it."""
        lines, _, cell = self._taken().rpartition("\n")
        self._inner_rows += filter(None, [" ".join(lines.split())])
        self._inner_cells.append(" ".join(cell.split()))

    def end_inner_row(self) -> None:
        """The cells since the last row are one of a table in a cell."""
        if any(self._inner_cells):
            self._inner_rows.append(" | ".join(self._inner_cells))
        self._inner_cells = []

    def end_row(self) -> None:
        """The cells since the last row are one."""
        if self._cells:
            self._add(" | ".join(self._cells) if any(self._cells) else "", is_row=True)
            self._cells = []
            self._add_attached()

    @property
    def text(self) -> str:
        """All of it, a blank line between paragraphs, a line for each row."""
        if self._inner_rows or self._inner_cells:
            self.end_cell()
        self.end_paragraph()
        return "".join(self._blocks)

    def _taken(self) -> str:
        text = "".join(self._pieces)
        self._pieces = []
        if _SURROGATES.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text

    def _add(self, block: str, *, is_row: bool) -> None:
        if block:
            gap = "\n" if is_row and self._ends_in_row else "\n\n"
            self._blocks.append(f"{gap if self._blocks else ''}{block}")
            self._ends_in_row = is_row

    def _add_attached(self) -> None:
        for text in self._attached:
            self._add(text, is_row=False)
        self._attached = []
