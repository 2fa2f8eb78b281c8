"""RTF: control words and nested groups to running text, in one pass and without recursion."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from conversational_rag.ingestion.formats.control_words import (
    APART,
    DOCUMENT_CHARSETS,
    FONT_CHARSETS,
    FOOTERS,
    HEADERS,
    LEFT_OUT,
    PARAGRAPH_ENDS,
    SIGNS,
    STARRED_BUT_READ,
    SYMBOL,
    TABLE_MARKS,
)
from conversational_rag.ingestion.formats.paragraphs import Paragraphs
from conversational_rag.ingestion.text.charsets import codec_of

_TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,9})? ?|\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<sign>.)"
    rb"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)
# What ends a group that is left out, or hides a brace in it.
_BRACE = re.compile(rb"\\bin(?P<length>\d{1,9}) ?|\\.|[{}]", re.DOTALL)
_MOST_GROUPS = 1_000


class NotRtf(Exception):
    """The data do not begin as RTF does."""


class NestedTooDeeply(Exception):
    """There are more groups inside one another than any program writes."""


@dataclass(slots=True)
class _Group:
    """What holds until the group ends; a group within begins with a copy."""

    out: Paragraphs
    fallback_characters: int = 1
    font: int | None = None
    right_to_left_font: int | None = None
    is_right_to_left: bool = False
    is_hidden: bool = False
    in_table: bool = False
    in_font_table: bool = False


def read_rtf(data: bytes, count: Callable[[str], object]) -> str:
    """Headers, body with tables, notes and text boxes, footers; a blank line between paragraphs, a line a table row.

    `count` is shown every piece of text as it is added, and may raise. Raises NotRtf, NestedTooDeeply.
    """
    if not data.startswith(b"{\\rtf"):
        raise NotRtf
    return _Reader(count).read(data)


class _Reader:
    def __init__(self, count: Callable[[str], object]) -> None:
        self._count = count
        self._body = Paragraphs()
        self._running: dict[str, list[str]] = {"header": [], "footer": []}
        self._group = _Group(self._body)
        self._outer: list[tuple[_Group, str]] = []  # with each group around this one, what this one is
        self._role = ""
        self._codec = "cp1252"
        self._default_font: int | None = None
        self._fonts: dict[int | None, str] = {}
        self._bytes = bytearray()
        self._left_to_skip = 0
        self._is_starred = False

    def read(self, data: bytes) -> str:
        position = 0
        while match := _TOKEN.match(data, position):
            position = match.end()
            word, number, code, sign, brace, text = match.groups()
            if text or code:
                self._add_bytes(text or bytes.fromhex(code.decode()))
            elif brace == b"{":
                self._begin_group()
            elif brace:
                self._end_group()
                if not self._outer:
                    break
            elif word or sign:
                self._flush()
                argument = None if number is None else int(number)
                if not self._obey((word or sign).decode("latin-1"), argument):
                    position = _end_of_group(data, position)
                elif word == b"bin" and argument:
                    position += max(argument, 0)
        return self._told()

    def _told(self) -> str:
        self._flush()
        while self._outer:  # a file that was cut off
            self._end_group()
        running = {place: dict.fromkeys(texts) for place, texts in self._running.items()}
        return "\n\n".join(filter(None, (*running["header"], self._body.text, *running["footer"])))

    def _begin_group(self) -> None:
        self._flush()
        self._left_to_skip = 0
        if len(self._outer) >= _MOST_GROUPS:
            raise NestedTooDeeply
        self._outer.append((self._group, self._role))
        self._group, self._role = replace(self._group), ""

    def _end_group(self) -> None:
        self._flush()
        self._left_to_skip = 0
        if not self._outer:
            return
        ended, role = self._group, self._role
        self._group, self._role = self._outer.pop()
        if role in self._running:
            self._running[role] += filter(_has_letters, [ended.out.text])
        elif role:
            self._group.out.attach(ended.out.text)

    def _obey(self, word: str, number: int | None) -> bool:
        """Do what the control word says; False when its group is to be left out."""
        is_starred, self._is_starred = self._is_starred, word == "*"
        self._left_to_skip = 0
        if word in LEFT_OUT or (is_starred and word not in STARRED_BUT_READ):
            return False
        if word in SIGNS:
            self._write(SIGNS[word])
        elif word in PARAGRAPH_ENDS:
            self._group.out.end_paragraph(in_cell=self._group.in_table)
        elif word == "u" and number is not None:
            self._write(chr(number & 0xFFFF) if number < 0x10000 else chr(min(number, 0x10FFFF)))
            self._left_to_skip = self._group.fallback_characters
        elif word in APART or word in HEADERS or word in FOOTERS:
            self._role = "header" if word in HEADERS else "footer" if word in FOOTERS else "apart"
            self._group.out, self._group.in_table = Paragraphs(), False
        elif word in TABLE_MARKS:
            TABLE_MARKS[word](self._group.out)
        else:
            self._set(word, number)
        return True

    def _set(self, word: str, number: int | None) -> None:
        """A property of the group, of a font, or of the document."""
        group = self._group
        if word in {"v", "deleted"}:
            group.is_hidden = number != 0
        elif word == "plain":
            group.is_hidden, group.font, group.is_right_to_left = False, self._default_font, False
        elif word in {"pard", "intbl"}:
            group.in_table = word == "intbl"
        elif word == "f":
            group.font = number
        elif word == "deff":
            group.font = self._default_font = number
        elif word in {"rtlch", "ltrch"}:
            group.is_right_to_left = word == "rtlch"
        elif word == "af" and group.is_right_to_left:
            group.right_to_left_font = number
        elif word == "uc":
            group.fallback_characters = max(number or 0, 0)
        elif word == "fonttbl":
            group.in_font_table = True
        elif word in DOCUMENT_CHARSETS:
            self._codec = DOCUMENT_CHARSETS[word]
        elif word == "ansicpg":
            self._codec = codec_of(f"cp{number}") or self._codec
        elif word == "fcharset" and group.in_font_table and number is not None and number in FONT_CHARSETS:
            self._fonts[group.font] = FONT_CHARSETS[number]
        elif word == "cpg" and group.in_font_table and (codec := codec_of(f"cp{number}")):
            self._fonts[group.font] = codec

    def _add_bytes(self, data: bytes) -> None:
        skipped = min(self._left_to_skip, len(data))
        self._left_to_skip -= skipped
        self._is_starred = False
        if not self._group.is_hidden and not self._group.in_font_table:
            self._bytes += data[skipped:]

    def _flush(self) -> None:
        """Bytes mean what the font says; those of one character may come one by one."""
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            codec = self._fonts.get(self._font, self._codec)
            is_picture = codec == SYMBOL
            self._write("".join(chr(0xF000 + byte) for byte in data) if is_picture else data.decode(codec, "replace"))

    @property
    def _font(self) -> int | None:
        group = self._group
        of_script = group.right_to_left_font if group.is_right_to_left else None
        return group.font if of_script is None else of_script

    def _write(self, text: str) -> None:
        if not self._group.is_hidden and not self._group.in_font_table:
            self._count(text)
            self._group.out.write(text)


def _end_of_group(data: bytes, position: int) -> int:
    """Where the brace stands that ends the group, or the data."""
    depth = 1
    while match := _BRACE.search(data, position):
        position = match.end()
        if match.group("length"):
            position += int(match.group("length"))
        depth += {b"{": 1, b"}": -1}.get(match.group(), 0)
        if depth == 0:
            return match.start()
    return len(data)


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)
