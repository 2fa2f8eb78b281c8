"""A client's library: what the retriever asks for, bound to one tenant."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from conversational_rag.db import chunks, keyword_index
from conversational_rag.db.chunks import ChunkRow
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.keyword_index import WeightedWords
from conversational_rag.embedding.former import FormerModel
from conversational_rag.embedding.recent import QueryEmbedder
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.filenames import FilenameIndex
from conversational_rag.rag.fusion import Evidence, best
from conversational_rag.rag.query import CONTEXT_WEIGHT, QueryWords
from conversational_rag.rag.retriever import Combine
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.filename_indexes import FilenameIndexes
from conversational_rag.vectorstores.base import Hit, Vectors


class Index(Protocol):
    """Finds the nearest vectors of a client: the search index, or an exact scan."""

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        """The k nearest vectors by cosine, best first."""

    async def search_former(self, tenant: Tenant, fingerprint: str, vector: Vectors, k: int) -> list[Hit]:
        """The same among the vectors that another model has left."""


class ClientLibrary:
    """The ready documents of one client, for one turn.

    While they are embedded anew, questions are asked in the terms of the former model, whose vectors the index still
    holds; of a model that is not at hand nothing is near anything, and the words alone find.
    """

    def __init__(
        self,
        client: ClientRow,
        database: Database,
        index: Index,
        pool: QueryEmbedder,
        former: FormerModel | None = None,
        names: FilenameIndexes | None = None,
    ) -> None:
        """Without `names` the index over the names of its files is made for this library alone."""
        self._client, self._tenant = client, client.tenant
        self._database, self._index, self._pool, self._former = database, index, pool, former
        self._names = names or FilenameIndexes()

    async def nearest(self, texts: Sequence[str], combine: Combine, k: int) -> Mapping[int, float]:
        """The cosine similarity of the k chunks nearest to what is combined of the texts' vectors, by chunk id."""
        fingerprint = self._client.former_fingerprint
        if fingerprint is None:
            vector = combine(await self._pool.embed_queries(texts))
            return _similarities(await self._index.search(self._tenant, vector, k))
        vectors = None if self._former is None else await self._former.embed_queries(fingerprint, texts)
        if vectors is None:
            return {}
        return _similarities(await self._index.search_former(self._tenant, fingerprint, combine(vectors), k))

    async def matching(self, words: QueryWords, k: int) -> Mapping[int, float]:
        """The bm25 score (above 0) of about k chunks that hold words of the query, by chunk id."""
        weighted = WeightedWords(words.question, words.context, CONTEXT_WEIGHT, words.beginnings)
        return await self._database.read(keyword_index.search, self._tenant, weighted, k)

    async def filenames(self) -> FilenameIndex:
        """The names of all documents."""
        known = self._names.known(self._client)
        return await self._database.read(self._names.current, self._tenant) if known is None else known

    async def best(self, evidence: Evidence, k: int) -> list[Passage]:
        """The k best of what was found, best first, each text once, without what may not be seen (any more).

        They are ranked where they are read: what is long is read of these k only, and of the same moment.
        """
        return await self._database.read(_read_best, self._tenant, evidence, k)


def _similarities(hits: Sequence[Hit]) -> dict[int, float]:
    return {hit.chunk_id: hit.similarity for hit in hits}


def _read_best(connection: Connection, tenant: Tenant, evidence: Evidence, k: int) -> list[Passage]:
    def read(chunk_ids: Sequence[int]) -> dict[int, Passage]:
        return {chunk_id: _passage(row) for chunk_id, row in chunks.get(connection, tenant, chunk_ids).items()}

    return best(chunks.outlines(connection, tenant, evidence.chunk_ids), evidence, read, k)


def _passage(row: ChunkRow) -> Passage:
    return Passage(
        chunk_id=row.id,
        document_id=row.document_id,
        filename=row.filename,
        ordinal=row.ordinal,
        page=row.page,
        start=row.start,
        text=row.text,
        score=0.0,
        place=row.place,
    )
