"""Citations: which sources an answer cites, and whether what it says there stands in their text.

No model is asked. Numbers must stand in the source; of the words that carry meaning enough of them; and what is put
between quotation marks in one of the sources. What words do not show, a negation above all, is not seen.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from conversational_rag.llm.sentences import split_sentences
from conversational_rag.llm.words import content_words, is_number, likeness
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.languages import told_language
from conversational_rag.rag.numbers import currencies_differ, numbers_in, readings_in
from conversational_rag.rag.quotations import invented
from conversational_rag.rag.unseen import without_unseen

SUPPORTED_SHARE = 0.6
"""Of a statement's words, how many must stand in what it cites; docs/retrieval.md has the figures."""

_OWN_SHARE = 0.2
_MARKERS = re.compile(r"\s*(?:\[\d{1,2}\]\s*)+")
_NUMBER = re.compile(r"\[(\d{1,2})\]")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_NAME = re.compile(r"(?<=[^\W\d_][ ,])[^\W\d_a-zßà-ÿ][^\W\d_]{2,}")
_LATIN_NAME = re.compile(r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ-]{2,}")
_OTHER_SCRIPTS = frozenset(("fa", "ar", "zh", "ja", "ko", "ru"))
_LEAST_WORDS = 2
_WORD = re.compile(r"\w+")
# Stands in a quotation that no source holds, while the answer is cut into statements; of no meaning anywhere.
_INVENTED = "\ue000"


@dataclass(frozen=True, slots=True)
class Citation:
    """Whether a source is cited, and whether it supports what cites it: None when nothing does or words cannot tell."""

    cited: bool
    verified: bool | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A piece of an answer and the numbers, from 1, of the sources that it cites."""

    text: str
    sources: tuple[int, ...]


def check_citations(answer: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """What the answer makes of each of the passages, in their order."""
    verdicts: dict[int, list[bool | None]] = defaultdict(list)
    known: dict[int, _Evidence] = {}
    for statement in statements(_with_inventions_marked(answer, passages)):
        cited = [number for number in dict.fromkeys(statement.sources) if 1 <= number <= len(passages)]
        for number in cited:
            if number not in known:
                known[number] = _Evidence(passages[number - 1])
        claim = _Claim(statement.text, answer)
        for number in cited:
            verdicts[number].append(claim.verdict(known[number], [known[other] for other in cited]))
    return tuple(_citation(verdicts.get(number)) for number in range(1, len(passages) + 1))


def quoted(passages: Sequence[Passage], numbers: Collection[int]) -> tuple[Citation, ...]:
    """The citations of an answer that quotes the passages of these indexes, from 0, word by word."""
    return tuple(Citation(True, True) if n in numbers else Citation(False, None) for n in range(len(passages)))


def statements(answer: str) -> Iterator[Statement]:
    """The pieces of the answer that cite something: each reaches back to the markers or the sentence end before it."""
    if "[" not in answer:
        return
    answer = _CODE.sub(lambda code: code.group().replace("[", " "), answer)
    before = ""
    for start, end in split_sentences(answer):
        first, *rest = _MARKERS.split(answer[start:end])
        named = [_named(markers) for markers in _MARKERS.findall(answer[start:end])]
        if named and before and not _says_something(first):
            # "It is grey. [1] It is new.": behind the full stop the marker still cites what stood before it.
            yield Statement(before, named.pop(0))
            first, *rest = rest
        yield from _statements_of(first, rest, named)
        before = "" if named else first


def _statements_of(first: str, rest: Sequence[str], named: Sequence[tuple[int, ...]]) -> Iterator[Statement]:
    """What one sentence says before each of its markers; a text behind the last of them belongs to it too."""
    texts = [first, *rest]
    if not named:
        return
    if not _says_something(first) and _says_something(texts[1]):
        texts = texts[1:]
    *texts, trailing = texts if len(texts) > len(named) else [*texts, ""]
    for number, (text, sources) in enumerate(zip(texts, named, strict=True), 1):
        yield Statement(f"{text} {trailing}".strip() if number == len(named) else text, sources)


def _with_inventions_marked(answer: str, passages: Sequence[Passage]) -> str:
    """The answer with a mark in each quotation that none of the passages holds."""
    answer = answer.replace(_INVENTED, " ")
    readable = _CODE.sub(lambda code: " " * len(code.group()), answer)
    readable = _NUMBER.sub(lambda marker: " " * len(marker.group()), readable)
    for start, end in reversed(list(invented(readable, [_text_of(passage) for passage in passages]))):
        # Before its last word: there it stays with the citation behind the quotation, however many sentences that has.
        *_, last = _WORD.finditer(readable, start, end)
        answer = answer[: last.start()] + _INVENTED + answer[last.start() :]
    return answer


def _text_of(passage: Passage) -> str:
    """All that a reader sees of a passage."""
    parts = (passage.filename, passage.place, str(passage.page or ""), passage.text)
    return without_unseen(" ".join(filter(None, parts)))


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))


def _named(markers: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBER.findall(markers))


class _Evidence:
    """What a source holds: its words by their beginnings, its numbers, its language; each read when it is asked for."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self.text = _text_of(passage)

    @cached_property
    def readings(self) -> frozenset[str]:
        """Of all its numbers."""
        return readings_in(self.text)

    @cached_property
    def language(self) -> str | None:
        """Its text's."""
        return told_language(self._passage.text)

    @cached_property
    def _words(self) -> Mapping[str, Collection[str]]:
        words: dict[str, set[str]] = defaultdict(set)
        for word in content_words(self.text):
            words[word[:4]].add(word)
        return words

    def share(self, word: str) -> float:
        """How well a word is found, 0 to 1."""
        alike = self._words.get(word[:4], ())
        return 1.0 if word in alike else max((likeness(word, other) for other in alike), default=0.0)


class _Claim:
    """What a statement says: its words, its numbers, its names."""

    def __init__(self, text: str, answer: str) -> None:
        """The whole answer tells the language of a statement that has too few words for it."""
        self._is_invented, text = _INVENTED in text, text.replace(_INVENTED, "")
        self._text, self._numbers, self._answer = text, numbers_in(text), answer
        self._words = list(dict.fromkeys(word for word in content_words(text) if not is_number(word)))

    def verdict(self, own: _Evidence, cited: Sequence[_Evidence]) -> bool | None:
        """Whether the source, among those that are cited together with it, supports what is said."""
        if self._is_invented or not self._numbers_stand_in(cited):
            return False
        if len(self._words) < _LEAST_WORDS:
            return True if self._numbers else None
        if self.share(cited) >= SUPPORTED_SHARE and self.share([own]) >= _OWN_SHARE:
            return True
        if None not in (self._language, own.language) and self._language != own.language:
            return True if self._numbers or self._names_in(own) else None
        return False

    @cached_property
    def _language(self) -> str | None:
        return told_language(self._text) or told_language(self._answer)

    def share(self, cited: Sequence[_Evidence]) -> float:
        """How many of the words stand in any of the sources, 0 to 1."""
        return sum(max(each.share(word) for each in cited) for word in self._words) / len(self._words)

    def _numbers_stand_in(self, cited: Sequence[_Evidence]) -> bool:
        if not all(any(number & each.readings for each in cited) for number in self._numbers):
            return False
        return not currencies_differ(self._text, " ".join(each.text for each in cited))

    def _names_in(self, own: _Evidence) -> bool:
        """Whether a name of the statement stands in the source, which is in another language."""
        foreign = self._language in _OTHER_SCRIPTS
        names = (_LATIN_NAME if foreign else _NAME).findall(self._text)
        return any(name in own.text for name in names)


def _citation(verdicts: Sequence[bool | None] | None) -> Citation:
    if verdicts is None:
        return Citation(False, None)
    if False in verdicts:
        return Citation(True, False)
    return Citation(True, True if True in verdicts else None)
