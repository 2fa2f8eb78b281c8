"""File names as evidence: "3M's FY22 revenue" is most likely answered in 3M_2022_10K.pdf."""

import functools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
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


def filename_evidence(question: str, filenames: Mapping[str, str]) -> dict[str, float]:
    """How well the question names each document, 0 to 1, by document id; those that it does not name are left out.

    A name scores by the idf of the words it shares with the question (over so short texts bm25 is not much else). The
    square of its share of the best score is taken, so that the right company in the wrong year is little evidence, and
    less of it when even the best name is named in part only. Nothing when all documents have one name.
    """
    if len(set(filenames.values())) < 2:
        return {}
    asked = _asked_forms(question)
    names = {document: _read_name(filename) for document, filename in filenames.items()}
    shared = {document: common for document, name in names.items() if (common := asked & name.forms)}
    if not shared:
        return {}
    counts = Counter(form for common in shared.values() for form in common)
    weights = {form: _weight(form, count, len(names)) for form, count in counts.items()}
    scores = {document: sum(weights[form] for form in sorted(common)) for document, common in shared.items()}
    best = max(scores, key=scores.__getitem__)
    certainty = math.sqrt(min(1.0, scores[best] / _whole_weight(names[best], names.values())))
    return {document: certainty * (score / scores[best]) ** 2 for document, score in scores.items()}


def _whole_weight(name: _Name, names: Collection[_Name]) -> float:
    """What a question would score that holds every word of the name."""
    return sum(_weight(word, sum(word in other.forms for other in names), len(names)) for word in sorted(name.words))


def _weight(form: str, count: int, names: int) -> float:
    """The idf of Robertson and Sparck Jones, kept above 0 as in Lucene; half of it for the beginning of a word."""
    idf = math.log(1 + (names - count + 0.5) / (count + 0.5))
    return idf * _BEGINNING_WEIGHT if form[-1] in "<>" else idf


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
