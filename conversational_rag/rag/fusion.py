"""Fusion: one order out of what meaning, words and file names say. Figures and what was tried: docs/retrieval.md."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from conversational_rag.db.chunks import Outline
from conversational_rag.rag.conversation import Passage

DEPTH = 100
"""How many of each leg are fused; the scores of the rest say too little."""

_WORDS, _MEANING, _FILENAME = 0.4, 0.6, 0.3
# Where all similarities are this close, as among hundreds of pages of one form, they tell chance: they then count less,
# and the number or the name in the question decides. docs/retrieval.md has the figures.
_LEAST_SPREAD = 0.1
# bm25 in SQLite has k1 = 1.2 and b = 0.75 fixed: a word that a chunk holds once loses this share of its weight for
# each average length the chunk has more than the average, k1 * b / (1 + k1). See `_without_length`.
_LENGTH_SHARE = 1.2 * 0.75 / (1 + 1.2)
# Only texts that begin with the same ones are compared with each other.
_FIRST_WORDS = 8


Read = Callable[[Sequence[int]], Mapping[int, Passage]]
"""Gives the passages of chunks, by id; their scores are not looked at."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the legs say: cosine similarity and bm25 by chunk id, and by document id how well the question names it
    (0 to 1). A chunk that is missing in a leg was not found there."""

    meaning: Mapping[int, float]
    words: Mapping[int, float]
    filenames: Mapping[str, float]

    @property
    def chunk_ids(self) -> list[int]:
        """All that were found, in ascending order."""
        return sorted({*self.meaning, *self.words})


def best(candidates: Mapping[int, Outline], evidence: Evidence, read: Read, k: int) -> list[Passage]:
    """The k best candidates, best first, each text once; scores run from 0 to 1 and fall with the rank.

    No more texts are read than it takes.
    """
    scores = rank(candidates, evidence)
    passages = islice(_each_text_once(list(scores), read, k), k)
    return [replace(passage, score=scores[passage.chunk_id]) for passage in passages]


def rank(candidates: Mapping[int, Outline], evidence: Evidence) -> dict[int, float]:
    """The score of each candidate, 0 to 1, by chunk id, best first."""
    meaning = _scale(_with_neighbours(_known(evidence.meaning, candidates), candidates), _LEAST_SPREAD)
    words = _scale(_without_length(_known(evidence.words, candidates), candidates))
    most = _WORDS + _MEANING + (_FILENAME if evidence.filenames else 0.0)
    scores = {
        chunk_id: (
            _MEANING * meaning.get(chunk_id, 0.0)
            + _WORDS * words.get(chunk_id, 0.0)
            + _FILENAME * evidence.filenames.get(candidates[chunk_id].document_id, 0.0)
        )
        / most
        for chunk_id in meaning.keys() | words.keys()
    }
    return dict(sorted(scores.items(), key=_best_first))


def _known(scores: Mapping[int, float], candidates: Mapping[int, Outline]) -> dict[int, float]:
    """Without the chunks that SQL does not show (any more)."""
    return {chunk_id: score for chunk_id, score in scores.items() if chunk_id in candidates}


def _with_neighbours(scores: dict[int, float], candidates: Mapping[int, Outline]) -> dict[int, float]:
    """Each score averaged with the mean of itself and its neighbours: a page about the matter beats a stray sentence.

    A neighbour that was not found is taken for as near as the farthest that was.
    """
    farthest = min(scores.values(), default=0.0)
    averaged: dict[int, float] = {}
    for chunk_id, score in scores.items():
        outline = candidates[chunk_id]
        near = [score]
        if outline.before is not None:
            near.append(scores.get(outline.before, farthest))
        if outline.after is not None:
            near.append(scores.get(outline.after, farthest))
        averaged[chunk_id] = (score + sum(near) / len(near)) / 2
    return averaged


def _without_length(scores: dict[int, float], candidates: Mapping[int, Outline]) -> dict[int, float]:
    """Take back what bm25 gives short chunks: text cut to one size is short only where it was left over."""
    lengths = {chunk_id: candidates[chunk_id].characters for chunk_id in scores}
    average = _mean(list(lengths.values())) or 1.0
    return {
        chunk_id: score * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths[chunk_id] / average)
        for chunk_id, score in scores.items()
    }


def _scale(scores: dict[int, float], least_spread: float = 0.0) -> dict[int, float]:
    """The best DEPTH scores from 1 down to 0; when there are fewer, the last one stands the higher the fewer.

    Scores that lie closer together than `least_spread` stay that much below 1.
    """
    fused = sorted(scores.items(), key=_best_first)[:DEPTH]
    if not fused:
        return {}
    highest, last = fused[0][1], fused[-1][1]
    lowest = min(last, last * len(fused) / DEPTH)
    spread = max(highest - lowest, least_spread)
    return {chunk_id: (score - lowest) / spread if spread > 0 else 1.0 for chunk_id, score in fused}


def _best_first(scored: tuple[int, float]) -> tuple[float, int]:
    chunk_id, score = scored
    return -score, chunk_id


def _each_text_once(order: Sequence[int], read: Read, at_once: int) -> Iterator[Passage]:
    seen: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for first in range(0, len(order), at_once):
        some = order[first : first + at_once]
        passages = read(some)
        for passage in (passages[chunk_id] for chunk_id in some):
            alike = seen[tuple(passage.text.split(None, _FIRST_WORDS)[:_FIRST_WORDS])]
            if not any(_same(passage.text, text) for text in alike):
                alike.append(passage.text)
                yield passage


def _same(one: str, other: str) -> bool:
    """But for white space."""
    return one == other or one.split() == other.split()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
