"""The ranking: all that fits a question, best first, for whoever looks through it himself. No language model speaks."""

from collections.abc import Sequence
from dataclasses import replace

from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.query import TURNS_SEARCHED
from conversational_rag.rag.reranking.base import DEPTH, Reranker, Wanted
from conversational_rag.rag.retriever import Library, find
from conversational_rag.rag.small_talk import without_small_talk


async def ranked_passages(
    library: Library, question: str, turns: Sequence[Turn], limit: int, reranker: Reranker | None = None
) -> list[Passage]:
    """Up to `limit` passages for the question after these turns (oldest first); scores run from 0 to 1 and fall.

    A smaller limit cuts the same list: whatever the limit, the reranker is given the same ones.
    """
    asked = without_small_talk(turns, TURNS_SEARCHED)
    if reranker is None:
        return await find(library, question, asked, limit)
    ranked = await find(library, question, asked, max(DEPTH, limit))
    wanted = Wanted(question, asked[-1].question if asked else "", caller=None)
    best = (await reranker.rerank(wanted, ranked[:DEPTH])).passages
    return [*best, *_below(best, ranked[DEPTH:])][:limit]


def _below(best: Sequence[Passage], rest: Sequence[Passage]) -> list[Passage]:
    """The rest, with no score above those before it: another model gave them."""
    return [replace(passage, score=min(passage.score, best[-1].score)) for passage in rest]
