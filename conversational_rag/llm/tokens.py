"""How many tokens a text is, without a vocabulary: an estimate for models of the o200k kind (gpt-oss and its like).

A tokenizer first cuts a text into words, groups of digits and runs of punctuation, then cuts the rare and long ones
again. The first step is repeated here; the second is a cost per word by its script, length and language. The costs are
fitted to that vocabulary's counts of English, German and Farsi text and of code (scripts/measure_token_estimates.py,
docs/performance.md), for other languages to its published characters per token of the FLORES-200 sentences (French
4.33, Arabic 3.13, Chinese 1.31). A call's true `usage` corrects the rest.
"""

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import chain

from langchain_core.messages import BaseMessage

# Role marks around each message, and the preamble before every conversation with gpt-oss: 67 tokens above the price
# of the same texts on a model of the same vocabulary without one, in counts that others published.
_TOKENS_PER_MESSAGE = 4
_TOKENS_PER_CONVERSATION = 70

_MARKS = r"!-/:-@\[-`{-~"
_PIECES = re.compile(
    # With the space before it, so that this is not tried as the beginning of all the other pieces.
    r" ?(?P<latin>(?:[A-Z]*[a-z\u00c0-\u024f\u1e00-\u1eff]+|[A-Z]+)(?:'(?:s|t|re|ve|m|ll|d)\b)?)"
    rf"|(?P<joint>(?<=\w)[{_MARKS}\u200c](?=[^\W\d_]))"
    rf"|(?P<rule>(?P<same>[{_MARKS}])(?P=same){{3,}}[\r\n]*)"
    rf"|(?P<marks>[{_MARKS}]+[\r\n]*)"
    r"|(?P<number>[0-9]+)"
    r"|(?P<line>(?:[ \t]*[\r\n])+)"
    r"|(?P<gap>[ \t]{2,})"
    r"|(?P<arabic>[\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06ef\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff]+)"
    r"|(?P<russian>[\u0410-\u044f\u0401\u0451]+(?![\u0400-\u052f]))"
    r"|(?P<cyrillic>[\u0370-\u052f]+)"
    r"|(?P<indic>[\u0900-\u0963\u0966-\u0dff]+)"
    r"|(?P<hangul>[\uac00-\ud7af]+)"
    r"|(?P<han>[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+)"
    r"|(?P<thai>[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+)"
    r"|(?P<symbol>[\u0080-\uffff])"
    r"|(?P<emoji>[\U00010000-\U0010ffff])"
)

# How much each letter beyond the fourth of a word costs in a language, and small words that give it away: English,
# the Romance and the Germanic languages, and the rest, whose endings the vocabulary knows less of.
_LANGUAGES = {
    0.0: "the of and to is that for with are this have from by be it as at you we which their not on or can",
    0.085: "le la les des une et est pour que dans qui sur pas du au avec par sont ce elle el los las del una con para"
    " como más se es lo su il di che della per non sono gli nel è os da do em um uma não com na no",
    0.12: "der die und das ist nicht ein eine einen mit von zu den dem auf für sich im auch als werden wird bei oder"
    " aus nach über noch het een van dat niet zijn te voor och att det som är til av på ikke",
    0.29: "bir ve için bu ja että ei oli mutta się jest nie hogy az és není která của là và không các được",
}
_LETTER_COSTS = {word: cost for cost, words in _LANGUAGES.items() for word in words.split()}
_UNKNOWN_LETTER_COST = 0.29
_ACCENTED_WORD_COST = 0.1

_MOST_KEPT = 2000
_LONGEST = 64
_LATIN = (0.0, 1.0, 1.0, 1.04, 1.06, 1.05, 1.09, 1.11, 1.17, 1.28, 1.33, 1.37, 1.45, 1.6, 1.75, 2.0)


class KeptEstimates:
    """What `count` says of a text, kept for texts that come again, as passages and turns do; by their digests, so that
    2,000 take less than half a megabyte. All are forgotten when there are `most`."""

    def __init__(self, count: Callable[[str], int], most: int = _MOST_KEPT) -> None:
        self._count, self._most = count, most
        self._kept: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, text: str) -> int:
        """The estimate for this text."""
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        estimate = self._kept.get(digest)
        if estimate is None:
            if len(self._kept) >= self._most:
                self._kept.clear()
            estimate = self._kept[digest] = self._count(text)
        return estimate


def estimate_tokens(text: str) -> int:
    """The tokens of a text, within about 10 % for prose in English, German and Farsi, and for code."""
    return _KEPT.of(text)


def estimate_messages(messages: Sequence[BaseMessage]) -> int:
    """The prompt tokens of a conversation, the provider's own preamble included."""
    texts = (str(message.text) for message in messages)
    return _TOKENS_PER_CONVERSATION + sum(_TOKENS_PER_MESSAGE + estimate_tokens(text) for text in texts)


def _count(text: str) -> int:
    total, words = 0.0, []
    for piece in _PIECES.finditer(text):
        kind = piece.lastindex or 0
        start, end = piece.span(kind)
        if kind == _LATIN_WORD:
            words.append(text[start:end])
        length = end - start
        costs = _COSTS[kind]
        total += costs[length] if length < _LONGEST else costs[-1] * length / (_LONGEST - 1)
    if words:
        total += _foreign_cost(words)
    return max(1, round(total)) if total else 0


def _foreign_cost(words: list[str]) -> float:
    """What words of other languages than English cost above English ones of the same length."""
    accented = len(words) - sum(map(str.isascii, words))
    hits = [cost for cost in map(_LETTER_COSTS.get, map(str.lower, words)) if cost is not None]
    # Without one known word, accents alone tell that it is another language.
    letter_cost = sum(hits) / len(hits) if hits else min(1.0, 3 * accented / len(words)) * _UNKNOWN_LETTER_COST
    if letter_cost:
        total = letter_cost * sum([len(word) - 4 for word in words if len(word) > 4])
        return total + _ACCENTED_WORD_COST * accented
    return _ACCENTED_WORD_COST * accented


def _table(cost: Callable[[int], float]) -> tuple[float, ...]:
    return tuple(cost(length) for length in range(_LONGEST))


def _by_letters(free: int, per_letter: float) -> tuple[float, ...]:
    return _table(lambda length: 1 + max(0, length - free) * per_letter)


_COSTS_BY_NAME = {
    "latin": tuple(chain(_LATIN, (2.0 + 0.3 * (length - 15) for length in range(len(_LATIN), _LONGEST)))),
    "joint": _table(lambda _: 0.2),  # the vocabulary holds many words with the mark before them
    "rule": _table(lambda length: 1 + length / 16),
    "marks": _table(lambda length: 1 + max(0, length - 2) * 0.4),
    "number": _table(lambda length: (length + 2) // 3),
    "line": _table(lambda _: 1.0),
    "gap": _table(lambda _: 1.0),
    "arabic": _by_letters(3, 0.37),
    "russian": _by_letters(3, 0.18),
    "cyrillic": _by_letters(3, 0.5),
    "indic": _by_letters(3, 0.42),
    "hangul": _table(lambda length: 0.3 + length * 0.68),
    "han": _table(lambda length: length * 0.75),
    "thai": _table(lambda length: length * 0.41),
    "symbol": _table(lambda length: length),
    "emoji": _table(lambda length: 2 * length),
}
_COSTS = {_PIECES.groupindex[name]: costs for name, costs in _COSTS_BY_NAME.items()}
_LATIN_WORD = _PIECES.groupindex["latin"]
_KEPT = KeptEstimates(_count)
