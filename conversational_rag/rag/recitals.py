"""Recitals: an answer that repeats the service's own rules, word by word, is cut short.

Case, white space, signs and numbers make no difference: rules and answer are compared by their letters alone, here
called plain. A translation, or one word changed every now and then, is not recognised.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from conversational_rag.rag.prompts import RULES
from conversational_rag.rag.runs import MASK

LONGEST_CHARACTERS, LONGEST_WORDS = 59, 9
"""What of the rules may stand in an answer: both at most, as they are counted in the rules."""

# So many plain characters in common make it worth waiting: about four words, which ordinary answers hardly share.
_ALIKE = 16
_STRIDE = 8
# In a text without gaps there is no end of a word to wait for.
_ALIKE_WITHOUT_GAP = 2 * _ALIKE
_BETWEEN = "\x00"  # no answer holds it
_ITS_SIGNS = re.compile(r"^[^\w\s]+")  # of the sentence that was cut short
_SIGNS = re.compile(r"[\W\d_]+")


def _plain(text: str) -> str:
    text = text.strip(" ").lower()
    return text if text.isalpha() else _SIGNS.sub("", text)


class Rules:
    """Texts that no answer repeats, ready to be looked up."""

    def __init__(self, texts: Sequence[str]) -> None:
        whole = _BETWEEN.join(texts)
        letters = [(place, _plain(character) or character) for place, character in enumerate(whole)]
        letters = [(place, plain) for place, plain in letters if plain.isalpha() or plain == _BETWEEN]
        self._at = [place for place, _ in letters]
        self.plain = "".join(plain for _, plain in letters)
        self._gaps = [gap.start() for gap in re.finditer(r"\s+", whole)]
        self.alike = frozenset(self.plain[start : start + _ALIKE] for start in range(len(self.plain) - _ALIKE + 1))

    def longest_end(self, plain: str) -> str:
        """The longest end of a text that stands in them."""
        start = 0
        while plain[start:] not in self.plain:
            start += 1
        return plain[start:]

    def forbid(self, plain: str) -> bool:
        """Whether this, which stands in them, is too much of them."""
        start = self.plain.find(plain)
        first, last = self._at[start], self._at[start + len(plain) - 1]
        words = bisect_right(self._gaps, last) - bisect_right(self._gaps, first) + 1
        return last - first + 1 > LONGEST_CHARACTERS or words > LONGEST_WORDS


_RULES = Rules(RULES)


class Recitals:
    """A filter that cuts recitals short: their first words are said, then the mask.

    Where an answer has little in common with the rules, every word is said at once.
    """

    def __init__(self, rules: Rules = _RULES) -> None:
        self._rules = rules
        self._end = ""  # what was read last, plain; while it is compared, what of that stands in the rules
        self._compares = False
        self._held: str | None = None  # words that may become a recital
        self._word: str | None = None  # in a recital: its last word, with the gap before it

    def feed(self, text: str) -> str:
        """The next words, but for those that may become a recital."""
        if not self._compares:
            plain = _plain(text)
            seen = self._end + plain
            if seen[-_ALIKE:] not in self._rules.alike and (len(plain) <= _STRIDE or not self._has_alike(seen)):
                self._end = seen[1 - _ALIKE :]
                return text
            self._compares, self._end = True, self._rules.longest_end(self._end)
        said = "".join(map(self._read, text))
        self._compares = len(self._end) >= _ALIKE or self._held is not None
        return said

    def close(self) -> str:
        """What was held back; of a recital nothing."""
        held, self._held, self._word = self._held, None, None
        return held or ""

    def _has_alike(self, seen: str) -> bool:
        """Whether a longer text has anything in common with the rules that might be too much."""
        return any(seen[end - _ALIKE : end] in self._rules.alike for end in range(len(seen), _ALIKE - 1, -_STRIDE))

    def _read(self, character: str) -> str:
        plain = _plain(character)
        if plain:
            self._end = self._rules.longest_end(self._end + plain)
        if len(self._end) < _ALIKE:
            return self._go_on(character)
        if self._word is not None:
            starts = not plain and _plain(self._word)
            self._word = character if starts else self._word + character
            return ""
        if self._held is None and (not plain or len(self._end) >= _ALIKE_WITHOUT_GAP):
            self._held = ""
        if self._held is None:
            return character
        self._held += character
        if plain and self._rules.forbid(self._end):
            self._held, self._word = None, ""
            return MASK
        return ""

    def _go_on(self, character: str) -> str:
        """There is nothing (more) in common: what was held back is said, or the word that ends a recital."""
        before = self._held or ""
        if self._word is not None:
            before = _ITS_SIGNS.sub("", self._word)
        self._held = self._word = None
        return before + character
