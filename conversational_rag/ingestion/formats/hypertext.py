"""What a page of HTML says, heard tag by tag: what is left out, what breaks the line, how tables are told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from conversational_rag.errors import ParsingLimit
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.text.lines import Lines

_TOP_HEADINGS = frozenset({"h1", "h2"})
_HEADINGS = _TOP_HEADINGS | {"h3", "h4", "h5", "h6"}
_LISTS = frozenset({"ul", "ol"})
_CELLS = frozenset({"td", "th"})
_PARAGRAPHS = _HEADINGS | frozenset(
    {
        *("p", "dl", "table", "pre", "blockquote", "article", "section", "header", "footer", "main", "aside"),
        *("figure", "form", "fieldset", "hr", "details"),
    }
)
_LINES = frozenset(
    {
        *("div", "dt", "dd", "address", "caption", "figcaption", "summary", "legend", "center", "body", "tr"),
        *("option", "textarea"),
    }
)
# What a browser does not show as text, shows only when it cannot do better, or what leads elsewhere.
_LEFT_OUT = frozenset(
    {
        *("script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "audio"),
        *("video", "nav", "select", "datalist", "rt", "rp", "annotation", "annotation-xml"),
    }
)
_TELLING = frozenset({"hidden", "style", "role", "aria-hidden"})
_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WHOLE_PAGE = frozenset({"html", "body", "main"})  # hidden till a script has run
_FOLDED_ROLES = frozenset({"tabpanel", "region"})  # a click shows them: the answers of many a FAQ
# Of these, an icon or the drawing of a formula; of a <div> it may be the whole page behind a dialog.
_DRAWN = frozenset({"span", "i", "b", "em", "a", "img"})
_LAYOUT_ROLES = frozenset({"presentation", "none"})
_LONG_CELL = 1_000  # nobody compares such cells side by side: the table only lays out a page
_MOST_INDENTED = 8
_SOFT_HYPHEN = "\u00ad"
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUPERSCRIPT = re.compile(r"\s*[0-9+-]+\s*")


@dataclass(slots=True)
class Draft:
    """A section that is being read; its heading is empty before the first one."""

    heading: str = ""
    lines: Lines = field(default_factory=Lines)


@dataclass(slots=True)
class _Table:
    """A table that is still open; once it turns out to lay out a page, its cells are blocks like any others."""

    is_layout: bool
    rows: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    cell: Lines | None = None

    def begin_cell(self) -> None:
        self.end_cell()
        self.cell = Lines()

    def end_cell(self) -> None:
        if self.cell is not None:
            self.cells.append(self.cell.text)
            self.cell = None

    def end_row(self) -> None:
        self.end_cell()
        if any(self.cells):
            self.rows.append(_row(self.cells))
        self.cells = []


def _row(cells: list[str]) -> str:
    if len(cells) == 1 or max(map(len, cells)) > _LONG_CELL:
        return "\n\n".join(filter(None, cells))
    return " | ".join(" ".join(cell.split()) for cell in cells)


class Hypertext:
    """A target for lxml's parser: after `close`, `title` and `drafts` hold the page."""

    def __init__(self, limits: Limits) -> None:
        self.title, self.drafts = Lines(), [Draft()]
        self._limits, self._characters = limits, 0
        self._left_out = 0  # elements that are open, counted from the outermost one that is left out
        self._open = dict.fromkeys(("pre", "sup", "title"), 0)
        self._tables: list[_Table] = []
        self._lists: list[int | None] = []  # of each open list the number of its next item, None for a bullet

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if self._left_out or _is_left_out(tag, attributes):
            self._left_out += 1
            return
        if tag in self._open:
            self._open[tag] += 1
        if tag in _HEADINGS or tag in {"table", "pre"}:
            self._lay_out()
        if tag in _TOP_HEADINGS:
            self._begin_section()
        self._break(tag)
        if tag in _LISTS or tag == "li":
            self._begin_in_list(tag, attributes)
        elif tag == "table":
            self._tables.append(_Table(attributes.get("role") in _LAYOUT_ROLES))
        elif tag in _CELLS and self._tables and not self._tables[-1].is_layout:
            self._tables[-1].begin_cell()
        elif tag == "img" and (shown := attributes.get("alt", "").strip()):
            self._count(shown)
            self._lines.words(f"[{shown}]")

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._left_out:
            self._left_out -= 1
            return
        if self._open.get(tag):
            self._open[tag] -= 1
        if tag in _TOP_HEADINGS and not self.drafts[-1].heading:
            self.drafts[-1].heading = " ".join(self.drafts[-1].lines.text.split())
        elif tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._lines.end_item()
        elif self._tables and not self._tables[-1].is_layout:
            self._end_in_table(tag)
        elif self._tables and tag == "table":
            self._tables.pop()
        if tag != "br":
            self._break(tag)

    def data(self, text: str) -> None:
        """Text, in pieces that may end anywhere."""
        if self._left_out:
            return
        text = text.replace(_SOFT_HYPHEN, "")
        self._count(text)
        if self._open["title"]:
            self.title.words(text)
        elif self._open["pre"]:
            self._lines.verbatim(text)
        elif self._open["sup"] and _SUPERSCRIPT.fullmatch(text):
            self._lines.words(text.translate(_SUPERSCRIPTS))
        else:
            self._lines.words(text)

    def close(self) -> None:
        """The page ends; lxml has ended its elements."""

    @property
    def _lines(self) -> Lines:
        """Where text goes now: into the cell of a table, or straight into the section."""
        cell = self._tables[-1].cell if self._tables else None
        return self.drafts[-1].lines if cell is None else cell

    def _count(self, text: str) -> None:
        self._characters += len(text.strip())
        self._limits.check_characters(self._characters)

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._lines.break_line()
        elif tag in _PARAGRAPHS or tag in _LISTS:
            self._lines.end_line(1 if self._lists else 2)  # what an item holds stays together
        elif tag in _LINES or (tag in _CELLS and self._tables and self._tables[-1].is_layout):
            self._lines.end_line()

    def _begin_section(self) -> None:
        if len(self.drafts) > self._limits.chunks:
            raise ParsingLimit(f"The page has more than {self._limits.chunks} sections (MAX_CHUNKS): split it.")
        self.drafts.append(Draft())

    def _begin_in_list(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "ul":
            self._lists.append(None)
        elif tag == "ol":
            self._lists.append(_number(attributes.get("start")) or 1)
        else:
            number = _number(attributes.get("value")) or (self._lists[-1] if self._lists else None)
            if self._lists and number is not None:
                self._lists[-1] = number + 1
            indent = "  " * min(max(len(self._lists) - 1, 0), _MOST_INDENTED)
            self._lines.begin_item(f"{indent}- " if number is None else f"{indent}{number}. ")

    def _lay_out(self) -> None:
        """The innermost open table holds what no table of data does: tell what it holds so far, block by block."""
        if not self._tables or self._tables[-1].is_layout:
            return
        table = self._tables[-1]
        table.end_cell()
        table.is_layout = True
        for block in (*table.rows, *table.cells):
            self._tell(block)

    def _end_in_table(self, tag: str) -> None:
        table = self._tables[-1]
        if tag in _CELLS:
            table.end_cell()
        elif tag == "tr":
            table.end_row()
        elif tag == "table":
            table.end_row()
            self._tables.pop()
            self._tell("\n".join(table.rows))

    def _tell(self, block: str) -> None:
        lines = self.drafts[-1].lines
        lines.end_line(2)
        lines.verbatim(block)
        lines.end_line(2)


def _is_left_out(tag: str, attributes: Mapping[str, str]) -> bool:
    if tag in _LEFT_OUT or (tag == "dialog" and "open" not in attributes):
        return True
    if _TELLING.isdisjoint(attributes) or tag in _WHOLE_PAGE:
        return False
    role = attributes.get("role")
    if "hidden" in attributes or _NOT_SHOWN.search(attributes.get("style", "")):
        return attributes.get("hidden") != "until-found" and role not in _FOLDED_ROLES
    return role == "navigation" or (attributes.get("aria-hidden") == "true" and tag in _DRAWN)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
