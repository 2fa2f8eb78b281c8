"""Runs: stretches of certain characters behind a certain beginning, which are judged once they are whole.

The beginning itself is said at once, so that no word has to wait because it might be one.
"""

import re
from abc import ABC, abstractmethod

MASK = "…"
"""What stands for what is not said."""

_LONGEST = 4000


class Runs(ABC):
    """A filter that reads runs: what stands behind `beginning` and is made of `characters`.

    `ends` are the characters that a beginning may end with, `reach` is the length of the longest one and of a character
    before it. A run beyond 4,000 characters is judged by what is there, and the rest of it is left out.
    """

    ends: tuple[str, str]
    reach: int
    beginning: re.Pattern[str]
    characters: re.Pattern[str]

    def __init__(self) -> None:
        self._one, self._other = self.ends
        self._before = ""  # the end of what was said
        self._begun: str | None = None  # the beginning whose run is being read, and the character before it
        self._run = ""

    @abstractmethod
    def judge(self, begun: str, run: str) -> tuple[str, str]:
        """What is said instead of the run, and what of the run does not belong to it."""

    def feed(self, text: str) -> str:
        """The next words, but for a run that is not whole."""
        if self._begun is None and self._one not in text and self._other not in text:
            self._before = text if len(text) >= self.reach else (self._before + text)[-self.reach :]
            return text
        return self._read(text)

    def close(self) -> str:
        """The run that the answer ends with."""
        said = ""
        while self._begun is not None:
            judged, rest = self.judge(self._begun, self._run)
            self._forget(judged)
            said += judged + self._read(rest)
        return said

    def _read(self, text: str) -> str:
        said = ""
        while text:
            if self._begun is None:
                ready, text = self._until_beginning(text)
                said += ready
                continue
            run = self.characters.match(text)
            end = run.end() if run else 0
            self._run, text = (self._run + text[:end])[:_LONGEST], text[end:]
            if text:
                judged, rest = self.judge(self._begun, self._run)
                self._forget(judged)
                said, text = said + judged, rest + text
        return said

    def _until_beginning(self, text: str) -> tuple[str, str]:
        """What stands up to the end of a beginning, all of the text without one, and what is behind it."""
        seen = self._before + text
        for found in self.beginning.finditer(seen):
            cut = found.end() - len(self._before)
            if cut > 0:
                self._begun = seen[max(0, found.start() - 1) : found.end()]
                return text[:cut], text[cut:]
        self._before = seen[-self.reach :]
        return text, ""

    def _forget(self, judged: str) -> None:
        """The run is over; what was said instead of it is what stands before the next words."""
        self._before = ((self._begun or "") + judged)[-self.reach :]
        self._begun, self._run = None, ""
