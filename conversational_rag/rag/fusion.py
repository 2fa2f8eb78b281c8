"""Fusion: one order out of what meaning, words and file names say. Figures and what was tried: docs/retrieval.md."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage (its score is not looked at) and the ids of the chunks beside it on the same page."""

    passage: Passage
    neighbours: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the legs say: cosine similarity and bm25 by chunk id, and by document id how well the question names it
    (0 to 1). A chunk that is missing in a leg was not found there."""

    meaning: Mapping[int, float]
    words: Mapping[int, float]
    filenames: Mapping[str, float]


def rank(candidates: Mapping[int, Candidate], evidence: Evidence, k: int) -> list[Passage]:
    """The k best candidates, best first, each text once; scores run from 0 to 1 and fall with the rank."""
    meaning = _scale(_with_neighbours(_known(evidence.meaning, candidates), candidates), _LEAST_SPREAD)
    words = _scale(_without_length(_known(evidence.words, candidates), candidates))
    most = _WORDS + _MEANING + (_FILENAME if evidence.filenames else 0.0)
    scores = {
        chunk_id: (
            _MEANING * meaning.get(chunk_id, 0.0)
            + _WORDS * words.get(chunk_id, 0.0)
            + _FILENAME * evidence.filenames.get(candidates[chunk_id].passage.document_id, 0.0)
        )
        / most
        for chunk_id in meaning.keys() | words.keys()
    }
    order = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))
    best = islice(_each_text_once(candidates[chunk_id].passage for chunk_id in order), k)
    return [replace(passage, score=scores[passage.chunk_id]) for passage in best]


def _known(scores: Mapping[int, float], candidates: Mapping[int, Candidate]) -> dict[int, float]:
    """Without the chunks that SQL does not show (any more)."""
    return {chunk_id: score for chunk_id, score in scores.items() if chunk_id in candidates}


def _with_neighbours(scores: dict[int, float], candidates: Mapping[int, Candidate]) -> dict[int, float]:
    """Each score averaged with the mean of itself and its neighbours: a page about the matter beats a stray sentence.

    A neighbour that was not found is taken for as near as the farthest that was.
    """
    farthest = min(scores.values(), default=0.0)
    return {
        chunk_id: (
            score + _mean([score, *(scores.get(beside, farthest) for beside in candidates[chunk_id].neighbours)])
        )
        / 2
        for chunk_id, score in scores.items()
    }


def _without_length(scores: dict[int, float], candidates: Mapping[int, Candidate]) -> dict[int, float]:
    """Take back what bm25 gives short chunks: text cut to one size is short only where it was left over."""
    lengths = {chunk_id: len(candidates[chunk_id].passage.text) for chunk_id in scores}
    average = _mean(list(lengths.values())) or 1.0
    return {
        chunk_id: score * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths[chunk_id] / average)
        for chunk_id, score in scores.items()
    }


def _scale(scores: dict[int, float], least_spread: float = 0.0) -> dict[int, float]:
    """The best DEPTH scores from 1 down to 0; when there are fewer, the last one stands the higher the fewer.

    Scores that lie closer together than `least_spread` stay that much below 1.
    """
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:DEPTH]
    if not best:
        return {}
    highest, last = best[0][1], best[-1][1]
    lowest = min(last, last * len(best) / DEPTH)
    spread = max(highest - lowest, least_spread)
    return {chunk_id: (score - lowest) / spread if spread > 0 else 1.0 for chunk_id, score in best}


def _each_text_once(passages: Iterable[Passage]) -> Iterator[Passage]:
    seen: set[str] = set()
    for passage in passages:
        text = " ".join(passage.text.split())
        if text not in seen:
            seen.add(text)
            yield passage


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
