"""File names as evidence: "3M's FY22 revenue" is most likely answered in 3M_2022_10K.pdf."""

import functools
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from conversational_rag.db.spelling import asked_words
from conversational_rag.rag.languages import guess_language
from conversational_rag.rag.words import small_words

_FISCAL_YEAR = re.compile(r"\b(fy) ?['’]?(\d\d)(?!\d)", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PART = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_MOST_JOINED = 3
_SHORTEST_BEGINNING = 4
_BEGINNING_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class _Name:
    """The words of a file name, and all the forms in which a question may use them."""

    words: frozenset[str]
    forms: frozenset[str]


class FilenameIndex:
    """The names of a client's documents, by every form in which a question may use their words.

    It is made once for many questions: 30 us a name, and a question costs no more than the names that it hits.
    """

    def __init__(self, filenames: Mapping[str, str]) -> None:
        """The name of every document, by document id."""
        self._documents, self._filenames = tuple(filenames), tuple(filenames.values())
        self._differ = len(set(self._filenames)) > 1
        self._holders = _holders(self._filenames) if self._differ else {}

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self._documents)

    def evidence(self, question: str) -> dict[str, float]:
        """How well the question names each document, 0 to 1, by document id; those it does not name are left out.

        A name scores by the idf of the words it shares with the question (over so short texts bm25 is not much else).
        The square of its share of the best score is taken, so that the right company in the wrong year is little
        evidence, and less of it when even the best name is named in part only. Nothing when all documents have one
        name.
        """
        scores = self._scores(_asked_forms(question)) if self._differ else {}
        if not scores:
            return {}
        best = max(scores, key=lambda number: (scores[number], -number))
        certainty = math.sqrt(min(1.0, scores[best] / self._whole_weight(self._filenames[best])))
        return {self._documents[number]: certainty * (score / scores[best]) ** 2 for number, score in scores.items()}

    def _scores(self, asked: frozenset[str]) -> dict[int, float]:
        scores: defaultdict[int, float] = defaultdict(float)
        for form in sorted(form for form in asked if form in self._holders):
            weight = self._weight(form)
            for number in self._holders[form]:
                scores[number] += weight
        return scores

    def _whole_weight(self, filename: str) -> float:
        """What a question would score that holds every word of the name."""
        return sum(map(self._weight, sorted(_read_name(filename).words)))

    def _weight(self, form: str) -> float:
        """The idf of Robertson and Sparck Jones, kept above 0 as in Lucene; half of it for the beginning of a word."""
        count = len(self._holders[form])
        idf = math.log(1 + (len(self) - count + 0.5) / (count + 0.5))
        return idf * _BEGINNING_WEIGHT if form[-1] in "<>" else idf


def _holders(filenames: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of the names that have a form."""
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for number, filename in enumerate(filenames):
        for form in _read_name(filename).forms:
            holders[form].append(number)
    return dict(holders)


@functools.lru_cache(maxsize=20_000)
def _read_name(filename: str) -> _Name:
    stem = PurePath(filename).stem
    parts = _parts(stem)
    own = frozenset(parts) - small_words(guess_language(stem)) or frozenset(parts)
    beginnings = {f"{beginning}<" for word in own for beginning in _beginnings(word)}
    return _Name(own, own | _joined(parts) | beginnings | {f"{word}>" for word in own})


def _asked_forms(question: str) -> frozenset[str]:
    parts = _parts(question)
    asked = frozenset(parts) - small_words(guess_language(question))
    beginnings = {f"{beginning}>" for word in asked for beginning in _beginnings(word)}
    # "<": the question has the beginning of a name's word ("Ulta" of ULTABEAUTY); ">": the other way ("reports").
    return asked | _joined(parts) | beginnings | {f"{word}<" for word in asked if len(word) >= _SHORTEST_BEGINNING}


def _parts(text: str) -> list[str]:
    """Words and numbers, lower-case and without accents: AnnualReport_FY22 is annual, report, fy, 2022."""
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    spaced = _YEAR.sub(r" \1 ", _FISCAL_YEAR.sub(r"\1 20\2", plain.replace("_", " ")))
    parts = _PART.findall(_CAMEL.sub(" ", spaced).lower())
    return parts if text.isascii() else [form for part in parts for form in asked_words(part)]


def _joined(parts: Sequence[str]) -> frozenset[str]:
    """Neighbouring words written as one, as names of companies are in file names: bestbuy."""
    return frozenset(
        "".join(parts[start : start + count])
        for count in range(2, _MOST_JOINED + 1)
        for start in range(len(parts) - count + 1)
    )


def _beginnings(word: str) -> list[str]:
    return [word[:end] for end in range(_SHORTEST_BEGINNING, len(word))]
