"""Search: the passages that fit a question, ranked as for an answer. No answer is made, nothing is written down."""

from collections.abc import Callable, Iterable, Sequence

from conversational_rag.db.clients import ClientRow
from conversational_rag.embedding.recent import RecentVectors
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.query import searched_text
from conversational_rag.rag.ranking import ranked_passages
from conversational_rag.rag.reranking.base import Reranker
from conversational_rag.rag.retriever import Library
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.clients import Clients


class Search:
    """The use case of a search: whose documents, and in the light of which conversation."""

    def __init__(
        self,
        clients: Clients,
        library: Callable[[ClientRow], Library],
        vectors: RecentVectors,
        reranker: Reranker | None = None,
    ) -> None:
        """`vectors` is told at once what will be searched for."""
        self._clients, self._library, self._vectors, self._reranker = clients, library, vectors, reranker

    async def find(self, tenant: Tenant, query: str, history: Sequence[Turn], limit: int) -> list[Passage]:
        """Up to `limit` passages, best first, as a question after these turns (oldest first) finds them.

        Unlike in a chat "thanks" is searched for: whoever types it here wants to see where it stands. Raises
        ClientNotFound.
        """
        await self._clients.wait_until_searchable(tenant)
        self._vectors.begin(searched_text(query))
        client = await self._clients.require_searchable(tenant)
        return await ranked_passages(self._library(client), query, history, limit, self._reranker)


def conversation(exchanges: Iterable[tuple[str, str]]) -> tuple[Turn, ...]:
    """Questions with their answers, oldest first, as turns of a conversation that is stored nowhere."""
    return tuple(Turn(0, question, answer) for question, answer in exchanges)
