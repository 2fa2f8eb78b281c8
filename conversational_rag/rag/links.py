"""Links and images of markdown in an answer: an image becomes its description, a link to a foreign address its text.

A reader's program fetches an image as soon as it is shown, and so tells its host whatever stands in the address.
"""

import re

from conversational_rag.rag.addresses import KnownAddresses, is_harmless

# A destination, brackets in it included, ends with its paragraph at the latest. Several in a row are taken for one, so
# that none is left behind a text whose own has gone.
_INNER = r"[^()\n]|\n(?![^\S\n]*\n)"
_DESTINATION = rf"\((?:{_INNER}|\((?:{_INNER}|\((?:{_INNER})*\))*\))*\)"
_BRACKET = re.compile(rf"(?P<opening>\[)|\](?P<destinations>(?:{_DESTINATION})*)")
# Text in which brackets only cite: by far the most that there is with brackets.
_CITING = re.compile(r"(?:[^\[\]]|\[\d{1,3}\](?=[^(]))*")
# What can end a destination, or have it go on beyond an end.
_TURNING = re.compile(r"[()\n]")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n")
_LONGEST_TEXT, _LONGEST_DESTINATION = 300, 2000


class Links:
    """A filter of links. From an opening bracket on words are held back until it is seen whether it begins one."""

    def __init__(self, known: KnownAddresses) -> None:
        self._known = known
        self._held = ""
        self._is_within = False  # a destination, whose end is yet to come
        self._depth: int | None = None  # of round brackets, in endless destinations that are being left out

    def feed(self, text: str) -> str:
        """The next words, as far as they are settled."""
        if self._depth is not None:
            end, self._depth = _skip(text, self._depth)
            text = text[end:]
            if self._depth is not None:
                return ""
        if not self._held and text[-1:] != "!" and (("[" not in text and "]" not in text) or _CITING.fullmatch(text)):
            return text
        if self._is_within and len(self._held + text) <= _LONGEST_DESTINATION and not _TURNING.search(text):
            self._held += text
            return ""
        reading = _Reading(self._known, self._held + text, is_whole=False)
        settled, self._depth = reading.settled, reading.depth
        self._held, self._is_within = reading.text[settled:], reading.is_within
        return reading.text[:settled]

    def close(self) -> str:
        """What was held back."""
        held, self._held = self._held, ""
        return _Reading(self._known, held, is_whole=True).text


class _Reading:
    """A text whose links have been judged, as far as it goes; `is_whole` when nothing follows.

    `depth` is that of the endless destinations which it ends with, None without any.
    """

    def __init__(self, known: KnownAddresses, text: str, *, is_whole: bool) -> None:
        self._known, self._is_whole = known, is_whole
        self.text = ""
        self.depth: int | None = None
        self._open: list[int] = []  # where brackets are open
        self._waiting: int | None = None  # where one was closed of which more must be seen
        self._read(text)

    @property
    def is_within(self) -> bool:
        """Whether the text ends within a destination."""
        return self._waiting is not None and not self.text.endswith(("]", ")"))

    @property
    def settled(self) -> int:
        """The length of what can be said, whatever follows: up to the first open bracket, and the `!` before it."""
        end = len(self.text) if self._waiting is None else self._waiting
        first = min([*(place for place in self._open if self._is_near(place, end)), end])
        return len(self.text[:first].rstrip("!"))

    def _read(self, text: str) -> None:
        at = 0
        while (bracket := _BRACKET.search(text, at)) is not None:
            self.text += text[at : bracket.start()]
            at = bracket.end()
            if bracket["opening"]:
                self._open.append(len(self.text))
                self.text += "["
            elif self._must_wait(text, bracket):
                self._waiting, at = len(self.text), bracket.start()
                break
            elif _length(text, bracket) > _LONGEST_DESTINATION:
                at = self._close_endless(text, bracket.start() + 1)
            else:
                self._close(bracket["destinations"])
        self.text += text[at:]

    def _must_wait(self, text: str, bracket: re.Match[str]) -> bool:
        """Whether a destination may follow, or go on."""
        if self._is_whole or _length(text, bracket) > _LONGEST_DESTINATION:
            return False
        return bracket.end() == len(text) or _goes_on(text, bracket)

    def _close(self, destinations: str) -> None:
        """A bracket, with what stands behind it in round ones."""
        opening = self._pop()
        is_image = opening is not None and self.text.endswith("!", 0, opening)
        if not destinations or (not is_image and is_harmless(destinations[1:-1], self._known)):
            self.text += f"]{destinations}"
        else:
            self._leave_text(opening, is_image)

    def _close_endless(self, text: str, start: int) -> int:
        """A bracket with a destination that nobody can mean; where the text goes on."""
        seen = text[start : start + _LONGEST_DESTINATION]
        opening = self._pop()
        if is_harmless(seen[1:], self._known):
            self.text += "]"  # code
            return start
        self._leave_text(opening, opening is not None and self.text.endswith("!", 0, opening))
        end, self.depth = _skip(text[start + len(seen) :], seen.count("(") - seen.count(")"))
        return start + len(seen) + end

    def _pop(self) -> int | None:
        """Where the bracket was opened that is closed here, if what stands between can be the text of a link."""
        opening = self._open.pop() if self._open else None
        return opening if opening is not None and self._is_near(opening, len(self.text)) else None

    def _leave_text(self, opening: int | None, is_image: bool) -> None:
        """Of a link its text, which may have been said already."""
        if opening is None:
            self.text += "]"
            return
        text = self.text[opening + 1 :]
        if text.isdecimal() and not is_image:
            text = f"[{text}]"  # the number of a source
        self.text = self.text[: opening - is_image] + text

    def _is_near(self, opening: int, end: int) -> bool:
        return end - opening <= _LONGEST_TEXT and _PARAGRAPH_END.search(self.text, opening, end) is None


def _goes_on(text: str, bracket: re.Match[str]) -> bool:
    """Whether a further destination is open behind the bracket, in its paragraph."""
    end = bracket.end()
    longest = bracket.start() + 1 + _LONGEST_DESTINATION
    return text[end : end + 1] == "(" and _PARAGRAPH_END.search(text, end, longest) is None


def _length(text: str, bracket: re.Match[str]) -> int:
    """Of the destinations behind the bracket, as far as they are seen."""
    return (len(text) if _goes_on(text, bracket) else bracket.end()) - bracket.start() - 1


def _skip(text: str, depth: int) -> tuple[int, int | None]:
    """Where the destinations of this depth end, or their line does; and the depth there, None when they are over."""
    for place, character in enumerate(text):
        if character == "\n" or (not depth and character != "("):
            return place, None
        depth += (character == "(") - (character == ")")
    return len(text), depth
