"""Evaluation: how well what was found agrees with what somebody expected. Figures only, searching is done elsewhere.

A passage is right when it stands at one of the expected places, and each place counts once: a second passage of a page
that was found already gains nothing.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conversational_rag.rag.conversation import Turn
from conversational_rag.services.outcomes import SEARCHABLE

_P95 = 0.95


@dataclass(frozen=True, slots=True)
class Place:
    """A page (from 1) of a file, or with `page` None the file as a whole."""

    filename: str
    page: int | None = None

    def covers(self, other: "Place") -> bool:
        """Whether the other one is this place, or a page of this file."""
        return self.filename == other.filename and self.page in (None, other.page)


@dataclass(frozen=True, slots=True)
class Case:
    """A question and where its answer stands: each of the expected places is right. `line` is where it was written."""

    line: int
    question: str
    expected: tuple[Place, ...]
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `score` runs from 0 to 1."""

    place: Place
    score: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A case and what was found for it, best first, in how many seconds."""

    case: Case
    hits: tuple[Hit, ...]
    seconds: float

    @property
    def gains(self) -> list[int]:
        """For each hit 1 when it is the first one of a right place, else 0."""
        left, gains = set(self.case.expected), []
        for hit in self.hits:
            reached = {place for place in left if place.covers(hit.place)}
            left -= reached
            gains.append(int(bool(reached)))
        return gains

    @property
    def rank(self) -> int | None:
        """The rank (from 1) of the first hit that is right."""
        gains = self.gains
        return gains.index(1) + 1 if 1 in gains else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over trials, 0 to 1. `hits`: by k, the share with a right passage among the first k; `mrr`: of 1 / rank."""

    hits: Mapping[int, float]
    ndcg: float
    mrr: float
    mean_milliseconds: float
    p95_milliseconds: float


@dataclass(frozen=True, slots=True)
class Held:
    """A document of the client; `pages` is None where the format has none."""

    filename: str
    status: str
    pages: int | None


def figures(trials: Sequence[Trial], k: int) -> Figures | None:
    """Hit@1, Hit@5, Hit@k, nDCG@k, MRR and times; None when there is no trial."""
    if not trials:
        return None
    milliseconds = [1000 * trial.seconds for trial in trials]
    return Figures(
        hits={cut: _mean([hit_at(trial, cut) for trial in trials]) for cut in sorted({1, 5, k})},
        ndcg=_mean([ndcg_at(trial, k) for trial in trials]),
        mrr=_mean([1 / trial.rank if trial.rank else 0.0 for trial in trials]),
        mean_milliseconds=_mean(milliseconds),
        p95_milliseconds=percentile(milliseconds, _P95),
    )


def hit_at(trial: Trial, k: int) -> bool:
    """Whether one of the first k hits is right."""
    return trial.rank is not None and trial.rank <= k


def ndcg_at(trial: Trial, k: int) -> float:
    """The gains of the first k hits, each divided by log2(rank + 1), as a share of the most that was possible."""
    best = [1] * min(k, len(set(trial.case.expected)))
    return _discounted(trial.gains[:k]) / _discounted(best)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that this share of them does not exceed (nearest rank)."""
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


def misses(trials: Iterable[Trial]) -> list[Trial]:
    """Those whose first hit is not right, the worst first: what was not found at all, then what stands lowest."""
    missed = [trial for trial in trials if trial.rank != 1]
    return sorted(missed, key=lambda trial: (-(trial.rank or math.inf), trial.case.line))


def obstacle(case: Case, held: Mapping[str, Held]) -> str | None:
    """Why this case cannot be judged, None when it can: an expected place is not in the documents (by name)."""
    return next((reason for place in case.expected if (reason := _unreachable(place, held)) is not None), None)


def by_name(documents: Iterable[Held]) -> dict[str, Held]:
    """The documents by name; where several have one name, the one that is searched."""
    return {each.filename: each for each in sorted(documents, key=lambda each: each.status in SEARCHABLE)}


def plain_name(filename: str) -> str:
    """A file's name as documents have it: some systems write é as e and an accent."""
    return unicodedata.normalize("NFC", filename)


def _unreachable(place: Place, held: Mapping[str, Held]) -> str | None:
    document = held.get(place.filename)
    if document is None:
        return f"expected file is not in the client's documents: {place.filename}"
    if document.status not in SEARCHABLE:
        return f"expected file cannot be searched, it is {document.status}: {place.filename}"
    if place.page is None or (document.pages is not None and place.page <= document.pages):
        return None
    pages = "no pages" if document.pages is None else f"{document.pages} page{'s' if document.pages != 1 else ''}"
    return f"expected page {place.page} is not there, the file has {pages}: {place.filename}"


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
