"""Clients are taken over to another embedding model while they are asked and added to, and a stop loses nothing."""

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from memory_store import MemoryStore
from toy_embedder import ToyEmbedder

from conversational_rag.db import chunks, clients, documents
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.documents import NewDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.former import FormerModel
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ClientNotFound
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.retriever import find
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.library import ClientLibrary
from conversational_rag.services.reindexing import Reindexing
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.vectorstores.base import CollectionBroken

ACME, BETA, EMPTY = Tenant("acme"), Tenant("beta"), Tenant("empty")
OLD = ToyEmbedder(fingerprint="old@1", dimensions=32)
# More than two batches.
TEXTS = ["The bridge is grey.", "Tulips are planted in October.", *(f"Filler number {n}." for n in range(150))]


class NewModel(ToyEmbedder):
    """The toy with other vectors; `breaks_after` so many texts it raises MemoryError."""

    breaks_after = 10**9

    def __init__(self) -> None:
        super().__init__(fingerprint="new@1", dimensions=48)
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        if len(self.texts) >= self.breaks_after:
            raise MemoryError
        self.texts += texts
        return super().embed(texts)


class Service:
    """The parts of a service that has been started with the new model."""

    def __init__(self, database: Database, store: MemoryStore, former: FormerModel | None = None) -> None:
        self.database, self.store, self.model = database, store, NewModel()
        self.index = SearchIndex(database, store)
        self.pool = EmbeddingPool(lambda: self.model, lambda fingerprint: self.reindexing.adopt(fingerprint))
        self.reindexing = Reindexing(database, self.index, self.pool)
        self.former = former

    async def client(self, tenant: Tenant = ACME) -> ClientRow:
        row = await self.database.read(clients.find, tenant)
        assert row is not None
        return row

    async def ask(self, question: str) -> list[Passage]:
        library = ClientLibrary(await self.client(), self.database, self.index, self.pool, self.former)
        return await find(library, question, (), 3)

    async def near(self, text: str) -> dict[int, float]:
        library = ClientLibrary(await self.client(), self.database, self.index, self.pool, self.former)
        return dict(await library.nearest([text], lambda vectors: vectors[0], 3))


def store_document(
    connection: Connection, tenant: Tenant, name: str, texts: Sequence[str], model: ToyEmbedder
) -> list[int]:
    clients.create(connection, tenant, model.fingerprint, 1.0)
    new = NewDocument(name, f"{name}.txt", name, "txt", 1, None, 10, 100, 0, 1.0)
    documents.insert_new(connection, tenant, new, documents.INDEXING)
    vectors = model.embed([f"a\n{text}" for text in texts])
    rows = [
        NewChunk(n, None, 0, "a", text, vector) for n, (text, vector) in enumerate(zip(texts, vectors, strict=True))
    ]
    ids = chunks.insert_all(connection, tenant, name, rows)
    documents.publish(connection, tenant, name)
    return ids


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    await opened.write(store_document, ACME, "doc", TEXTS, OLD)
    yield opened
    await opened.close()


@pytest.fixture
async def store(database: Database) -> MemoryStore:
    """The index of the former model, as a stopped service leaves it."""
    store = MemoryStore()
    await SearchIndex(database, store).rebuild(ACME)
    return store


@pytest.fixture
async def start(database: Database, store: MemoryStore) -> AsyncIterator[Callable[..., Service]]:
    started: list[Service] = []

    def make(former: FormerModel | None = None) -> Service:
        started.append(Service(database, store, former))
        return started[-1]

    yield make
    for service in started:
        await service.pool.close()


async def test_vectors_and_index_follow_the_new_model(start: Callable[..., Service]) -> None:
    service = start()
    await service.pool.start()
    assert (await service.client()).former_fingerprint == "old@1"
    assert await service.reindexing.remaining() == (1, len(TEXTS))
    await service.reindexing.run_next()
    client = await service.client()
    assert (client.embedding_fingerprint, client.former_fingerprint) == ("new@1", None)
    assert await service.reindexing.remaining() == (0, 0)
    # Until the index is rebuilt an exact scan answers, with vectors of one model.
    assert service.index.is_stale(ACME)
    (nearest,) = [key for key, value in (await service.near("a\nThe bridge is grey.")).items() if value > 0.99]
    await service.index.rebuild_next()
    assert service.store.prints[ACME] == "new@1"
    assert {len(vector) for vector in service.store.collections[ACME].values()} == {48}
    assert next(iter(await service.near("a\nThe bridge is grey."))) == nearest


async def test_meanwhile_words_find_and_nothing_is_searched_by_the_wrong_model(start: Callable[..., Service]) -> None:
    service = start()
    await service.pool.start()
    before = service.store.searches
    assert (await service.ask("When are tulips planted?"))[0].text == TEXTS[1]
    assert await service.near("tulips") == {}
    assert service.store.searches == before


async def test_meanwhile_a_former_model_that_is_at_hand_is_asked(start: Callable[..., Service]) -> None:
    former = FormerModel("old", lambda: OLD)
    service = start(former)
    await service.pool.start()
    nearest = await service.near(f"a\n{TEXTS[1]}")
    assert next(iter(nearest.values())) == pytest.approx(1, abs=1e-5)
    service.model.breaks_after = 64
    with pytest.raises(MemoryError):
        await service.reindexing.run_next()
    assert await service.near(f"a\n{TEXTS[1]}") == nearest, "the index is the former model's until all is done"
    service.model.breaks_after = 10**9
    await service.reindexing.run_next()
    assert next(iter(await service.near(f"a\n{TEXTS[1]}"))) == next(iter(nearest))
    await former.close()


async def test_a_former_model_of_other_weights_is_not_asked(start: Callable[..., Service]) -> None:
    former = FormerModel("old", lambda: ToyEmbedder(fingerprint="old@2", dimensions=32))
    service = start(former)
    await service.pool.start()
    assert await service.near("bridge") == {}
    await former.close()


async def test_what_was_done_before_a_stop_is_not_done_again(start: Callable[..., Service]) -> None:
    first = start()
    first.model.breaks_after = 64
    await first.pool.start()
    with pytest.raises(MemoryError):
        await first.reindexing.run_next()
    assert await first.reindexing.remaining() == (1, len(TEXTS) - 64)
    second = start()
    await second.pool.start()
    await second.index.recover()
    await second.index.rebuild(ACME)
    assert second.store.prints[ACME] == "old@1", "an index is not made from vectors of two models"
    assert (await second.ask("When are tulips planted?"))[0].text == TEXTS[1]
    await second.reindexing.run_next()
    assert len([text for text in second.model.texts if text.startswith("a\n")]) == len(TEXTS) - 64
    matrix = (await second.database.read(chunks.ready_vectors, ACME)).matrix
    np.testing.assert_allclose(matrix, NewModel().embed([f"a\n{text}" for text in TEXTS]), atol=1e-6)


async def test_a_document_that_comes_meanwhile_has_the_new_models_vectors_at_once(
    start: Callable[..., Service],
) -> None:
    service = start()
    await service.pool.start()
    new = await service.database.write(store_document, ACME, "new", ["The ferry leaves at nine."], NewModel())
    async with service.index.changing(ACME):
        await service.index.add(ACME, ["new"], new, NewModel().embed(["a\nThe ferry leaves at nine."]), 1)
    assert new[0] not in service.store.collections[ACME], "the index is the former model's"
    assert (await service.ask("When does the ferry leave?"))[0].chunk_id == new[0]
    await service.reindexing.run_next()
    assert "a\nThe ferry leaves at nine." not in service.model.texts
    await service.index.rebuild(ACME)
    assert len(service.store.collections[ACME]) == len(TEXTS) + 1
    assert next(iter(await service.near("a\nThe ferry leaves at nine."))) == new[0]


async def test_a_document_that_goes_meanwhile_is_not_found_and_not_missed(start: Callable[..., Service]) -> None:
    service = start()
    other = await service.database.write(store_document, ACME, "other", ["A quetzal sings."], OLD)
    await service.pool.start()
    await service.database.write(documents.delete_rows, ACME, ["other"])
    await service.index.remove(ACME, other)
    assert all(passage.chunk_id != other[0] for passage in await service.ask("Does a quetzal sing?"))
    await service.reindexing.run_next()
    await service.index.rebuild(ACME)
    assert len(service.store.collections[ACME]) == len(TEXTS)


async def test_a_third_model_leaves_no_vectors_that_anybody_could_ask_for(start: Callable[..., Service]) -> None:
    first = start()
    first.model.breaks_after = 64
    await first.pool.start()
    with pytest.raises(MemoryError):
        await first.reindexing.run_next()
    former = FormerModel("old", lambda: OLD)
    third = start(former)
    third.model.fingerprint = "third@1"
    await third.pool.start()
    assert (await third.client()).former_fingerprint == ""
    assert await third.near("bridge") == {}
    assert await third.reindexing.remaining() == (1, len(TEXTS))
    await third.reindexing.run_next()
    assert (await third.client()).embedding_fingerprint == "third@1"
    await former.close()


async def test_a_damaged_index_of_the_former_model_is_dropped_and_words_find(start: Callable[..., Service]) -> None:
    former = FormerModel("old", lambda: OLD)
    service = start(former)
    await service.pool.start()
    service.store.search = broken  # type: ignore[method-assign]
    assert (await service.ask("When are tulips planted?"))[0].text == TEXTS[1]
    assert ACME not in service.store.collections
    await former.close()


async def broken(tenant: Tenant, vector: Vectors, k: int) -> None:
    raise CollectionBroken


async def test_clients_without_text_and_clients_of_the_same_model_are_left_alone(start: Callable[..., Service]) -> None:
    service = start()
    await service.database.write(clients.create, EMPTY, "old@1", 0.0)
    await service.database.write(store_document, BETA, "beta", ["Words."], NewModel())
    await service.pool.start()
    assert [(await service.client(tenant)).former_fingerprint for tenant in (EMPTY, BETA)] == [None, None]
    assert (await service.client(EMPTY)).embedding_fingerprint == "new@1"
    assert await service.reindexing.remaining() == (1, len(TEXTS))


async def test_a_client_that_cannot_be_embedded_does_not_keep_the_others_waiting(start: Callable[..., Service]) -> None:
    service = start()
    await service.database.write(store_document, BETA, "beta", ["Words."], OLD)
    await service.pool.start()
    service.model.breaks_after = 0
    with pytest.raises(MemoryError):
        await service.reindexing.run_next()
    service.model.breaks_after = 1
    await service.reindexing.run_next()
    assert (await service.client(BETA)).former_fingerprint is None
    assert (await service.client(ACME)).former_fingerprint == "old@1"


async def test_on_demand_a_client_is_embedded_anew_whatever_its_model(start: Callable[..., Service]) -> None:
    service = start()
    assert await service.reindexing.reindex(ACME) == len(TEXTS)
    assert service.store.prints[ACME] == "new@1"
    assert await service.reindexing.reindex(ACME) == len(TEXTS)
    client = await service.client()
    assert (client.former_fingerprint, client.index_dirty) == (None, False)


async def test_an_unknown_client_is_not_found(start: Callable[..., Service]) -> None:
    with pytest.raises(ClientNotFound):
        await start().reindexing.reindex(Tenant("nobody"))
