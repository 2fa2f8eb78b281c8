"""Laying out text from a stream of words and breaks: lines, paragraphs, list items and preformatted stretches."""

_MOST_CHARACTERS = 100


def one_line(name: str) -> str:
    """A name that fits on one line: white space made plain, cut where it would be too long."""
    name = " ".join(name.split())
    return name if len(name) <= _MOST_CHARACTERS else f"{name[:_MOST_CHARACTERS].rstrip()}…"


class Lines:
    """Text that grows piece by piece: breaks asked for at one place become one, and none stands at either end."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._breaks = 0
        self._space = False
        self._marker = ""

    def words(self, text: str) -> None:
        """Add running text: white space in it only parts words, also from those before and after."""
        words = text.split()
        self._space |= text[:1].isspace()
        if words:
            self._add(" ".join(words))
            self._space = text[-1:].isspace()

    def verbatim(self, text: str) -> None:
        """Add text whose white space means something, but for empty lines at its beginning."""
        if self._breaks or not self._parts:
            text = text.lstrip("\n")
        if text:
            self._add(text)

    def end_line(self, breaks: int = 1) -> None:
        """What comes next begins a line, or with 2 a paragraph, unless it stands right behind its list marker."""
        if not self._marker:
            self._breaks, self._space = max(self._breaks, breaks), False

    def break_line(self) -> None:
        """Two of these part paragraphs."""
        self.end_line(min(self._breaks + 1, 2))

    def begin_item(self, marker: str) -> None:
        """What comes next begins a line with this marker; nothing is written while nothing comes."""
        self._marker = ""
        self.end_line()
        self._marker = marker

    def end_item(self) -> None:
        """Forget the marker of an item that held nothing."""
        self._marker = ""
        self.end_line()

    @property
    def text(self) -> str:
        """All of it, without white space at its ends."""
        return "".join(self._parts).strip()

    def _add(self, text: str) -> None:
        lead = "\n" * self._breaks if self._breaks else " " * self._space
        text = f"{lead if self._parts else ''}{self._marker}{text}"
        self._breaks, self._space, self._marker = 0, False, ""
        self._parts.append(text)
