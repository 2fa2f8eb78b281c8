"""Selection: which of the ranked passages the model is shown. Figures: docs/retrieval.md."""

from collections.abc import Sequence

from conversational_rag.rag.conversation import Passage

CANDIDATES = 3
"""Of so many times the passages wanted `select` takes its choice."""

# Below this share of the best score the scores have fallen off.
_LEAST_SHARE = 0.5
# As close as that, a file that is not shown yet goes before one that is.
_CLOSE = 0.05


def select(ranked: Sequence[Passage], k: int) -> list[Passage]:
    """At most k of the passages, best first: without those far behind the best, and of diverse files where it is close.

    Their scores are those that `fusion.rank` gives; the best one always stays.
    """
    return spread(without_tail(ranked), k)


def without_tail(ranked: Sequence[Passage]) -> list[Passage]:
    """The passages (best first) down to where their scores have fallen off."""
    return [passage for passage in ranked if passage.score >= _LEAST_SHARE * ranked[0].score]


def spread(ranked: Sequence[Passage], k: int) -> list[Passage]:
    """The k best passages, best first, of which each further one of a file counts for a little less."""
    left, chosen = list(ranked), list[Passage]()
    while left and len(chosen) < k:
        files = {passage.document_id for passage in chosen}
        # Of equals the first: they stand in their order.
        best = max(left, key=lambda passage: passage.score - (_CLOSE if passage.document_id in files else 0.0))
        left.remove(best)
        chosen.append(best)
    return sorted(chosen, key=ranked.index)
