"""The finder: the passages of a turn, searched in the light of the turns before it, put into order, chosen, joined."""

from collections.abc import Sequence
from dataclasses import replace

from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.overlaps import join_overlaps
from conversational_rag.rag.query import TURNS_SEARCHED
from conversational_rag.rag.reranking.base import DEPTH, Reranker, Reranking, Wanted
from conversational_rag.rag.retriever import ContextRetriever, Library
from conversational_rag.rag.selection import CANDIDATES, select
from conversational_rag.rag.small_talk import without_small_talk


class PassageFinder:
    """Finds at most `top_k` passages; where there is a reranker its order is final, and nothing else chooses."""

    def __init__(self, top_k: int, reranker: Reranker | None = None) -> None:
        self._top_k, self._reranker = top_k, reranker

    async def find(self, library: Library, question: str, turns: Sequence[Turn], caller: str | None = "") -> Reranking:
        """The passages for the question after these turns (oldest first), best first, no text in two of them.

        `caller` is whose quota a reranking by the language model costs; None: it is not asked.
        """
        asked = without_small_talk(turns, TURNS_SEARCHED)
        found = await self._chosen(library, question, asked, caller)
        return replace(found, passages=join_overlaps(found.passages))

    async def _chosen(self, library: Library, question: str, turns: Sequence[Turn], caller: str | None) -> Reranking:
        if self._reranker is None:
            ranked = await _ranked(library, question, turns, CANDIDATES * self._top_k)
            return Reranking(tuple(select(ranked, self._top_k)))
        ranked = await _ranked(library, question, turns, max(DEPTH, self._top_k))
        wanted = Wanted(question, turns[-1].question if turns else "", caller)
        reranked = await self._reranker.rerank(wanted, ranked)
        return replace(reranked, passages=reranked.passages[: self._top_k])


async def _ranked(library: Library, question: str, turns: Sequence[Turn], k: int) -> Sequence[Passage]:
    return await ContextRetriever(library=library, history=turns, k=k).find(question)
