"""Whether the vector index holds what SQL says it must, client by client; and how to make it."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

from conversational_rag.db import chunks, clients, consistency
from conversational_rag.db.chunks import Vectors
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.engine import Connection, Database
from conversational_rag.errors import IndexUnavailable
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.consistency import Difference
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores import exact
from conversational_rag.vectorstores.base import CollectionBroken, IndexUnreadable, VectorStore

# So many of a client's vectors are asked for so many nearest ones. Texts are found as an exact search finds them; of
# vectors without any order, which nobody has, one in ten may be missed.
_QUESTIONS, _NEAREST, _LEAST_SHARE, _ROUNDING = 3, 10, 0.85, 1e-4


class IndexConsistency:
    """Looks at the vector index of an instance that does not run. `fingerprint` is the embedding model's in use."""

    def __init__(self, database: Database, index: SearchIndex, store: VectorStore, fingerprint: str) -> None:
        self._database, self._index, self._store, self._fingerprint = database, index, store, fingerprint

    async def survey(self) -> list[Difference]:
        """All differences, in the order in which they are to be mended."""
        known = await self._database.read(clients.admin_list)
        try:
            found = [each async for each in self._leftovers(known)]
            return [*found, *[each async for each in self._of_clients(known)]]
        except IndexUnreadable as error:
            return [Difference("unreadable vector index", (error.detail,), "made anew", self._start_over)]
        except IndexUnavailable as error:
            return [Difference("vector index that does not answer", (error.detail,), "see the reason, and try again")]

    async def _leftovers(self, known: Sequence[ClientRow]) -> AsyncIterator[Difference]:
        swept = await self._store.sweep()
        if swept:
            # The opening has removed them already.
            yield Difference("index directories of no collection", tuple(swept), "deleted", self._nothing)
        nobodys = await self._store.tenants() - {client.tenant for client in known}
        if nobodys:
            names = tuple(sorted(tenant.client_id for tenant in nobodys))
            yield Difference("vector collections of no client", names, "deleted", partial(self._drop, nobodys))

    async def _of_clients(self, known: Sequence[ClientRow]) -> AsyncIterator[Difference]:
        foreign: list[str] = []
        different: list[tuple[Tenant, str]] = []
        half_way = await self._database.read(consistency.being_reindexed)
        for client in known:
            name = client.tenant.client_id
            wanted = await self._database.read(consistency.indexed_ids, client.tenant)
            if name in half_way or (wanted and client.embedding_fingerprint != self._fingerprint):
                foreign.append(name)
            problem = None if name in half_way else await self._compare(client, wanted)
            if problem is not None:
                different.append((client.tenant, f"{name}: {problem}"))
        if different:
            mend = partial(self._rebuild, [tenant for tenant, _ in different])
            names = tuple(told for _, told in different)
            yield Difference("clients whose vector index differs", names, "rebuilt from the database", mend)
        if foreign:
            remedy = "start the server, which embeds them anew, or python -m conversational_rag reindex"
            yield Difference("clients whose vectors are another model's", tuple(foreign), remedy)

    async def _compare(self, client: ClientRow, wanted: set[int]) -> str | None:
        """What is wrong with the client's collection."""
        try:
            return await self._look(client, wanted)
        except CollectionBroken:
            return "damaged"

    async def _look(self, client: ClientRow, wanted: set[int]) -> str | None:
        fingerprint = await self._store.fingerprint(client.tenant)
        held = await self._store.ids(client.tenant)
        if wanted != held:
            return f"{len(wanted - held)} vectors missing, {len(held - wanted)} too many"
        if wanted and fingerprint != client.embedding_fingerprint:
            return "made for another model"
        return "its change broke off" if client.index_dirty else await self._ask(client.tenant, wanted)

    async def _ask(self, tenant: Tenant, wanted: set[int]) -> str | None:
        """Whether some of the client's own vectors find what an exact search finds."""
        vectors = await self._database.read(_vectors, tenant, wanted)
        nearest = min(_NEAREST, len(vectors.ids))
        questions = vectors.matrix[:: max(1, len(vectors.ids) // _QUESTIONS)][:_QUESTIONS]
        found = 0
        for question in questions:
            hits = await self._store.search(tenant, question, nearest)
            # Of vectors that are equally near any may be found.
            least = exact.search(vectors.ids, vectors.matrix, question, nearest)[-1].similarity - _ROUNDING
            found += sum(hit.similarity >= least for hit in hits)
        due = len(questions) * nearest
        return f"finds {found} of the {due} nearest vectors" if found < _LEAST_SHARE * due else None

    async def _start_over(self) -> None:
        await self._index.start_over()
        await self._rebuild([client.tenant for client in await self._database.read(clients.admin_list)])

    async def _rebuild(self, tenants: Sequence[Tenant]) -> None:
        for tenant in tenants:
            await self._index.rebuild(tenant)

    async def _drop(self, nobodys: set[Tenant]) -> None:
        for tenant in nobodys:
            await self._store.drop(tenant)

    async def _nothing(self) -> None:
        return


def _vectors(connection: Connection, tenant: Tenant, wanted: set[int]) -> Vectors:
    """Those of these chunks."""
    found = chunks.next_vectors(connection, tenant, 0, chunks.count_indexed(connection, tenant))
    rows = [row for row, chunk_id in enumerate(found.ids) if int(chunk_id) in wanted]
    return Vectors(found.ids[rows], found.matrix[rows])
