"""The binary Word format of 1997 to 2003: its text, a part at a time, and the marks on it that change how it is read.

Names and offsets are those of [MS-DOC], Microsoft's description of the format.
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import attrgetter

_WORD_97_MAGIC, _WORD_95_MAGIC = 0xA5EC, {0xA5DB, 0xA5DC}
_OLDEST_FORMAT = 0x00C1
_ENCRYPTED, _TABLE_STREAM_1 = 0x0100, 0x0200
# FibRgLw97: how many characters each part has, in the order in which they follow one another.
_COUNTS_OFFSET, _COUNTS = (
    0x4C,
    ("body", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "header boxes"),
)
# FibRgFcLcb97: offset and length, in the table stream, of the tables that are needed here.
_CHPX_OFFSET, _PAPX_OFFSET, _CLX_OFFSET = 0xFA, 0x102, 0x1A2
_PAGE_BYTES = 512
_PRC, _PCDT = 0x01, 0x02
_COMPRESSED = 0x40000000

# Properties by their codes: what hides a character, and what a paragraph mark ends.
_DELETED, _HIDDEN, _SYMBOL = 0x0800, 0x083C, 0x6A09
_IN_TABLE, _ROW_END, _INNER_CELL_END, _INNER_ROW_END = 0x2416, 0x2417, 0x244B, 0x244C
# The bytes of a property's value, by the three highest bits of its code; 0 is told by the value's first byte.
_VALUE_BYTES = (1, 1, 2, 4, 2, 2, 0, 3)
_TABLE_DEFINITION, _ELSEWHERE = 0xD608, 0x6646

CELL_END, ROW_END, PARAGRAPH_END = "\x07", "\x1d", "\r"
_INNER_CELL, _INNER_ROW = " | ", "; "
_MARKS = re.compile("[\x07\r]")


class NotWord97(Exception):
    """The streams are not those of a Word 97-2003 document, or are damaged."""


class OlderWord(NotWord97):
    """The document was saved by Word 95 or older."""


class Protected(Exception):
    """The document is encrypted."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of text: characters `start` to `end` of the document lie at `offset` in the main stream."""

    start: int
    end: int
    offset: int
    width: int

    @property
    def offset_end(self) -> int:
        """Where its last byte ends in the main stream."""
        return self.offset + (self.end - self.start) * self.width

    def cut(self, start: int, end: int) -> "_Piece":
        """What of it lies between two character positions, perhaps nothing."""
        first, last = max(self.start, start), max(self.start, start, min(self.end, end))
        return _Piece(first, last, self.offset + (first - self.start) * self.width, self.width)


def table_stream_name(main: bytes) -> str:
    """The name of the stream that holds the tables; raises NotWord97, OlderWord, Protected."""
    if len(main) < _CLX_OFFSET + 8:
        raise NotWord97("the header is cut off")
    magic, version = struct.unpack_from("<HH", main, 0)
    (flags,) = struct.unpack_from("<H", main, 0x0A)
    if magic in _WORD_95_MAGIC or (magic == _WORD_97_MAGIC and version < _OLDEST_FORMAT):
        raise OlderWord(f"format {version}")
    if magic != _WORD_97_MAGIC:
        raise NotWord97("no Word header")
    if flags & _ENCRYPTED:
        raise Protected
    return "1Table" if flags & _TABLE_STREAM_1 else "0Table"


def read_parts(main: bytes, tables: bytes, data: bytes = b"") -> dict[str, str]:
    """The visible text of each part (body, footnotes, headers, comments, endnotes, boxes, ...).

    In it CELL_END, ROW_END and PARAGRAPH_END mean what they say; the rows of a table inside a cell are on one line.
    Raises NotWord97 when the tables are damaged.
    """
    try:
        document = _Document(main, tables, data)
    except (struct.error, IndexError) as error:
        raise NotWord97("a table is cut off") from error
    counts = struct.unpack_from(f"<{len(_COUNTS)}I", main, _COUNTS_OFFSET)
    ends = list(accumulate(counts))
    return {name: document.text(end - count, end) for name, count, end in zip(_COUNTS, counts, ends, strict=True)}


class _Document:
    """The pieces of the text, and what is marked on it."""

    def __init__(self, main: bytes, tables: bytes, data: bytes) -> None:
        self._main = main
        self._pieces = list(_pieces(_table(main, tables, _CLX_OFFSET)))
        hiding, table_marks = {_DELETED, _HIDDEN, _SYMBOL}, {_IN_TABLE, _ROW_END, _INNER_CELL_END, _INNER_ROW_END}
        self._hidden = list(_runs(main, _table(main, tables, _CHPX_OFFSET), _character_properties, data, hiding))
        self._marked = list(_runs(main, _table(main, tables, _PAPX_OFFSET), _paragraph_properties, data, table_marks))
        self._marked.sort(key=attrgetter("start"))

    def text(self, start: int, end: int) -> str:
        """The visible text between two character positions."""
        units = "".join(part for piece in self._pieces for part in self._visible(piece.cut(start, end)))
        text = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text.replace(_INNER_CELL + _INNER_ROW, _INNER_ROW)

    def _visible(self, piece: "_Piece") -> Iterator[str]:
        """The stretches of the piece between what is hidden."""
        position = piece.offset
        for run in self._hidden:
            if run.end > position and run.start < piece.offset_end:
                yield self._decoded(position, run.start, piece.width)
                position = run.end
        yield self._decoded(position, piece.offset_end, piece.width)

    def _decoded(self, start: int, end: int, width: int) -> str:
        raw = self._main[start : max(start, end)]
        # A unit a sign, so that positions stay true; pairs of surrogates are joined at the end.
        text = raw.decode("cp1252", "replace") if width == 1 else "".join(map(chr, _units(raw)))
        return _MARKS.sub(lambda mark: self._meaning(mark.group(), start + mark.start() * width), text)

    def _meaning(self, mark: str, offset: int) -> str:
        index = bisect_right(self._marked, offset, key=attrgetter("start")) - 1
        codes = self._marked[index].codes if index >= 0 and offset < self._marked[index].end else frozenset()
        if mark == CELL_END:
            return ROW_END if _ROW_END in codes else CELL_END
        if _INNER_CELL_END in codes:
            return _INNER_ROW if _INNER_ROW_END in codes else _INNER_CELL
        return " " if _IN_TABLE in codes else PARAGRAPH_END


def _table(main: bytes, tables: bytes, pointer: int) -> bytes:
    offset, length = struct.unpack_from("<II", main, pointer)
    return tables[offset : offset + length]


def _pieces(clx: bytes) -> Iterator[_Piece]:
    """The piece table, behind any number of property lists."""
    position = 0
    while clx[position] == _PRC:
        position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
    if clx[position] != _PCDT:
        raise NotWord97("no piece table")
    (length,) = struct.unpack_from("<I", clx, position + 1)
    table = clx[position + 5 : position + 5 + length]
    count = (len(table) - 4) // 12
    starts = struct.unpack_from(f"<{count + 1}I", table)
    for index, (start, end) in enumerate(pairwise(starts)):
        (offset,) = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * index + 2)
        if offset & _COMPRESSED:
            yield _Piece(start, end, (offset & ~_COMPRESSED) // 2, 1)
        else:
            yield _Piece(start, end, offset, 2)


def _units(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])


@dataclass(frozen=True, slots=True)
class _Run:
    """The codes of the properties that are set on the bytes `start` to `end` of the main stream."""

    start: int
    end: int
    codes: frozenset[int]


def _runs(
    main: bytes, bins: bytes, properties_at: Callable[[bytes, int], bytes], data: bytes, wanted: set[int]
) -> Iterator[_Run]:
    """The runs that have any of the wanted properties; `bins` lists the pages of 512 bytes that describe runs."""
    count = (len(bins) - 4) // 8
    for (number,) in struct.iter_unpack("<I", bins[4 * (count + 1) : 4 * (count + 1) + 4 * count]):
        first = (number & 0x3FFFFF) * _PAGE_BYTES
        page = main[first : first + _PAGE_BYTES]
        if len(page) < _PAGE_BYTES:
            continue
        bounds = struct.unpack_from(f"<{page[-1] + 1}I", page)
        for index, (start, end) in enumerate(pairwise(bounds)):
            codes = frozenset(_set_codes(properties_at(page, index), data)) & wanted
            if codes:
                yield _Run(start, end, codes)


def _character_properties(page: bytes, index: int) -> bytes:
    offset = 2 * page[4 * (page[-1] + 1) + index]
    return page[offset + 1 : offset + 1 + page[offset]] if offset else b""


def _paragraph_properties(page: bytes, index: int) -> bytes:
    offset = 2 * page[4 * (page[-1] + 1) + 13 * index]
    if not offset:
        return b""
    length, first = (2 * page[offset] - 1, offset + 1) if page[offset] else (2 * page[offset + 1], offset + 2)
    return page[first + 2 : first + length]  # behind the number of the paragraph's style


def _set_codes(properties: bytes, data: bytes) -> Iterator[int]:
    """The codes of the properties whose value is not "off"; long lists are kept in the data stream."""
    position = 0
    while position + 2 < len(properties):
        (code,) = struct.unpack_from("<H", properties, position)
        position += 2
        length = _VALUE_BYTES[code >> 13]
        if length != 1 or properties[position] & 1:
            yield code
        if code == _ELSEWHERE and data:
            (offset,) = struct.unpack_from("<I", properties, position)
            (size,) = struct.unpack_from("<H", data, offset)
            yield from _set_codes(data[offset + 2 : offset + 2 + size], b"")
        if code == _TABLE_DEFINITION and position + 2 <= len(properties):
            length = struct.unpack_from("<H", properties, position)[0] + 1
        position += length or properties[position] + 1
