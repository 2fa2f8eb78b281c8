"""What every kind of vector store does, whichever is chosen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from conversational_rag.errors import IndexUnavailable
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores import exact
from conversational_rag.vectorstores.base import CollectionBroken, VectorStore
from conversational_rag.vectorstores.registry import open_store

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["chroma"])
async def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[VectorStore]:
    """One store of each kind for the whole file; every test has clients of its own."""
    store = open_store(request.param, tmp_path_factory.mktemp("contract") / request.param, 64)
    yield store
    await store.close()


async def test_it_answers_a_ping(store: VectorStore) -> None:
    await store.ping()


async def test_a_collection_remembers_the_model_that_fills_it(store: VectorStore, tenant: Tenant) -> None:
    assert await store.fingerprint(tenant) is None
    await store.ensure(tenant, "model-a")
    assert await store.fingerprint(tenant) == "model-a"


async def test_a_collection_that_is_there_stays_as_it_is(store: VectorStore, tenant: Tenant, fill: Callable) -> None:
    await fill(store, tenant, 5)
    await store.ensure(tenant, "another-model")
    assert await store.fingerprint(tenant) == "toy-model-1"
    assert await store.count(tenant) == 5


async def test_the_nearest_come_first_with_their_cosine(store: VectorStore, tenant: Tenant, fill: Callable) -> None:
    vectors = await fill(store, tenant, 40)
    question = vectors[3] + 0.5 * vectors[7]
    question /= np.linalg.norm(question)
    hits = await store.search(tenant, question, 5)
    expected = exact.search(np.arange(40), vectors, question, 5)
    assert [hit.chunk_id for hit in hits] == [hit.chunk_id for hit in expected]
    assert [hit.similarity for hit in hits] == pytest.approx([hit.similarity for hit in expected], abs=1e-5)


async def test_it_finds_what_an_exact_search_finds(
    store: VectorStore, tenant: Tenant, fill: Callable, unit_vectors: Callable
) -> None:
    vectors = await fill(store, tenant, 1000)
    found = 0
    for question in unit_vectors(100, seed=1):
        expected = {hit.chunk_id for hit in exact.search(np.arange(1000), vectors, question, 10)}
        found += len(expected & {hit.chunk_id for hit in await store.search(tenant, question, 10)})
    assert found / 1000 >= 0.99


@pytest.mark.parametrize("count", [1000, 10_000])
async def test_of_texts_it_finds_what_an_exact_search_finds(
    store: VectorStore, tenant: Tenant, text_vectors: Callable, count: int
) -> None:
    vectors = text_vectors(count)
    await store.ensure(tenant, "m")
    await store.add(tenant, range(count), vectors, [{}] * count)
    found = 0
    for question in text_vectors(100, seed=1):
        expected = {hit.chunk_id for hit in exact.search(np.arange(count), vectors, question, 10)}
        found += len(expected & {hit.chunk_id for hit in await store.search(tenant, question, 10)})
    assert found / 1000 >= 0.99
    await store.drop(tenant)


async def test_equal_vectors_are_told_apart_by_their_ids(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable
) -> None:
    vectors = np.repeat(unit_vectors(1), 4, axis=0)
    await store.ensure(tenant, "m")
    await store.add(tenant, [40, 10, 30, 20], vectors, [{}] * 4)
    assert [hit.chunk_id for hit in await store.search(tenant, vectors[0], 4)] == [10, 20, 30, 40]


async def test_asking_for_more_than_there_is_gives_all(store: VectorStore, tenant: Tenant, fill: Callable) -> None:
    vectors = await fill(store, tenant, 20)
    hits = await store.search(tenant, vectors[0], 500)
    assert sorted(hit.chunk_id for hit in hits) == list(range(20))


@pytest.mark.parametrize("k", [0, -3])
async def test_asking_for_nothing_gives_nothing(store: VectorStore, tenant: Tenant, fill: Callable, k: int) -> None:
    vectors = await fill(store, tenant, 3)
    assert await store.search(tenant, vectors[0], k) == []


async def test_an_empty_collection_finds_nothing(store: VectorStore, tenant: Tenant, unit_vectors: Callable) -> None:
    await store.ensure(tenant, "m")
    assert await store.search(tenant, unit_vectors(1)[0], 5) == []
    assert await store.count(tenant) == 0


async def test_a_collection_that_is_not_there_is_empty_and_can_be_dropped(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable
) -> None:
    assert await store.search(tenant, unit_vectors(1)[0], 5) == []
    assert await store.count(tenant) == 0
    await store.remove(tenant, [1, 2])
    assert await store.drop(tenant) == 0


async def test_adding_to_a_collection_that_is_not_there_calls_for_a_rebuild(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable
) -> None:
    with pytest.raises(CollectionBroken):
        await store.add(tenant, [1], unit_vectors(1), [{"document": 1}])


async def test_vectors_of_another_length_call_for_a_rebuild(store: VectorStore, tenant: Tenant, fill: Callable) -> None:
    await fill(store, tenant, 3)
    short = np.array([[1.0, 0.0]], np.float32)
    with pytest.raises(CollectionBroken):
        await store.add(tenant, [9], short, [{}])
    with pytest.raises(CollectionBroken):
        await store.search(tenant, short[0], 1)
    assert await store.count(tenant) == 3


async def test_an_id_that_is_added_again_stays_as_it_was(
    store: VectorStore, tenant: Tenant, fill: Callable, unit_vectors: Callable
) -> None:
    old, new = await fill(store, tenant, 30), unit_vectors(1, seed=9)
    await store.add(tenant, [4], new, [{"document": 2}])
    assert (await store.search(tenant, old[4], 1))[0].chunk_id == 4
    assert await store.count(tenant) == 30


async def test_what_was_removed_is_never_found_again(store: VectorStore, tenant: Tenant, fill: Callable) -> None:
    vectors = await fill(store, tenant, 60)
    gone = set(range(0, 60, 2))
    await store.remove(tenant, [*gone, 777])
    assert await store.count(tenant) == 30
    for vector in vectors:
        assert not gone & {hit.chunk_id for hit in await store.search(tenant, vector, 60)}


async def test_removing_or_adding_nothing_changes_nothing(store: VectorStore, tenant: Tenant, fill: Callable) -> None:
    await fill(store, tenant, 3)
    await store.remove(tenant, [])
    await store.add(tenant, [], np.empty((0, 384), np.float32), [])
    assert await store.count(tenant) == 3


async def test_dropping_tells_how_many_went_and_leaves_nothing(
    store: VectorStore, tenant: Tenant, other: Tenant, fill: Callable, misses: Callable
) -> None:
    vectors, others = await fill(store, tenant, 30), await fill(store, other, 30, seed=1)
    assert await store.drop(tenant) == 30
    assert await store.search(tenant, vectors[0], 5) == []
    assert await store.fingerprint(tenant) is None
    assert await store.drop(tenant) == 0
    assert await misses(store, other, others) == []


async def test_a_dropped_collection_can_be_made_again(store: VectorStore, tenant: Tenant, fill: Callable) -> None:
    old = await fill(store, tenant, 30)
    await store.drop(tenant)
    new = await fill(store, tenant, 10, seed=1)
    assert sorted(hit.chunk_id for hit in await store.search(tenant, old[20], 30)) == list(range(10))
    assert (await store.search(tenant, new[4], 1))[0].chunk_id == 4


async def test_names_that_look_alike_are_different_clients(
    store: VectorStore, fill: Callable, unit_vectors: Callable
) -> None:
    alike = [Tenant(f"Alike{ending}") for ending in ("", "_", "-", "__", "-_", "0", "_0", "-0")] + [Tenant("alike")]
    for seed, tenant in enumerate(alike):
        await fill(store, tenant, 5, seed)
    for seed, tenant in enumerate(alike):
        assert await store.count(tenant) == 5
        found = [(await store.search(tenant, vector, 1))[0] for vector in unit_vectors(5, seed)]
        assert [hit.similarity for hit in found] == pytest.approx([1.0] * 5, abs=1e-5)


@pytest.mark.parametrize("client_id", ["abc", "A-_", "___", "x" * 64, "_" * 64])
async def test_every_well_formed_client_id_names_a_collection(
    store: VectorStore, client_id: str, fill: Callable
) -> None:
    tenant = Tenant(client_id)
    await fill(store, tenant, 2)
    assert await store.count(tenant) == 2
    assert await store.drop(tenant) == 2


async def test_ids_of_any_size_of_a_database_key_come_back(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable
) -> None:
    ids = [0, 1, 2**31, 2**53 + 1, 2**63 - 1]
    vectors = unit_vectors(5)
    await store.ensure(tenant, "m")
    await store.add(tenant, ids, vectors, [{"document": 1, "page": "iv"}] * 5)
    assert [(await store.search(tenant, vector, 1))[0].chunk_id for vector in vectors] == ids


async def test_numbers_of_another_width_or_order_in_memory_are_understood(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable
) -> None:
    vectors = unit_vectors(40)
    await store.ensure(tenant, "m")
    await store.add(tenant, np.arange(20), vectors[::2].astype(np.float64), [{}] * 20)
    await store.add(tenant, np.arange(20, 40), np.asfortranarray(vectors[1::2]), [{}] * 20)
    assert (await store.search(tenant, vectors[6].astype(np.float64), 1))[0].chunk_id == 3
    assert (await store.search(tenant, vectors[7], 1))[0].chunk_id == 23


@pytest.mark.parametrize(("ids", "rows", "metadata"), [([1], 2, [{}, {}]), ([1, 2], 2, [{}]), ([1, 2], 1, [{}, {}])])
async def test_lists_that_do_not_belong_together_are_refused(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable, ids: list, rows: int, metadata: list
) -> None:
    with pytest.raises(ValueError, match="do not match"):
        await store.add(tenant, ids, unit_vectors(rows), metadata)


async def test_one_vector_where_a_matrix_belongs_is_refused(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable
) -> None:
    with pytest.raises(ValueError, match="do not match"):
        await store.add(tenant, [1], unit_vectors(1)[0], [{}])


@pytest.mark.parametrize("number", [np.nan, np.inf])
async def test_numbers_that_are_none_are_refused(
    store: VectorStore, tenant: Tenant, unit_vectors: Callable, number: float
) -> None:
    vectors = unit_vectors(2)
    vectors[1, 7] = number
    await store.ensure(tenant, "m")
    with pytest.raises(ValueError, match="finite"):
        await store.add(tenant, [1, 2], vectors, [{}, {}])
    assert await store.count(tenant) == 0


@pytest.mark.parametrize("question", [np.full(384, np.nan, np.float32), np.zeros((1, 384), np.float32)])
async def test_a_question_that_is_no_vector_is_refused(
    store: VectorStore, tenant: Tenant, fill: Callable, question: np.ndarray
) -> None:
    await fill(store, tenant, 2)
    with pytest.raises(ValueError, match="one vector of finite numbers"):
        await store.search(tenant, question, 1)


async def test_searches_overtake_long_adds(
    store: VectorStore, other: Tenant, fill: Callable, unit_vectors: Callable
) -> None:
    vectors, questions = unit_vectors(500), await fill(store, other, 20)
    tenants = [Tenant(f"{other.client_id}_{number}") for number in range(6)]
    for tenant in tenants:
        await store.ensure(tenant, "m")
    adding = [asyncio.create_task(store.add(tenant, range(500), vectors, [{}] * 500)) for tenant in tenants]
    for row in range(10):
        assert (await store.search(other, questions[row], 1))[0].chunk_id == row
    # A search waits for one slice of 25 at the most; in the order of arrival it would have waited for six.
    assert sum([await store.count(tenant) for tenant in tenants]) <= 25 * (10 + 6 + 1)
    await asyncio.gather(*adding)
    assert [await store.count(tenant) for tenant in tenants] == [500] * 6


async def test_two_adds_take_turns(store: VectorStore, tenant: Tenant, other: Tenant, unit_vectors: Callable) -> None:
    vectors = unit_vectors(500)
    await asyncio.gather(store.ensure(tenant, "m"), store.ensure(other, "m"))
    long = asyncio.create_task(store.add(tenant, range(500), vectors, [{}] * 500))
    await store.add(other, range(25), vectors[:25], [{}] * 25)
    assert not long.done()
    await long
    assert (await store.count(tenant), await store.count(other)) == (500, 25)


async def test_many_clients_at_once_get_their_own_answers(
    store: VectorStore, fill: Callable, misses: Callable, tenant: Tenant
) -> None:
    tenants = [Tenant(f"{tenant.client_id}_{number}") for number in range(8)]
    vectors = await asyncio.gather(*(fill(store, each, 30, seed) for seed, each in enumerate(tenants)))
    missed = await asyncio.gather(*(misses(store, *each) for each in zip(tenants, vectors, strict=True)))
    assert missed == [[]] * 8


@pytest.mark.parametrize("kind", ["chroma"])
async def test_everything_is_there_again_after_closing_and_nothing_answers_in_between(
    tmp_path: Path, kind: str, tenant: Tenant, fill: Callable, misses: Callable
) -> None:
    first = open_store(kind, tmp_path / kind, 64)
    vectors = await fill(first, tenant, 60)
    await first.close()
    with pytest.raises(IndexUnavailable):
        await first.count(tenant)
    with pytest.raises(IndexUnavailable):
        await first.reset()
    second = open_store(kind, tmp_path / kind, 64)
    assert await second.fingerprint(tenant) == "toy-model-1"
    assert await misses(second, tenant, vectors) == []
    await second.close()


async def test_a_reset_store_is_empty_and_works(
    store: VectorStore, tenant: Tenant, fill: Callable, misses: Callable
) -> None:
    await fill(store, tenant, 20)
    await store.reset()
    assert await store.fingerprint(tenant) is None
    vectors = await fill(store, tenant, 20, seed=1)
    assert await misses(store, tenant, vectors) == []


async def test_its_ids_are_those_that_were_added_and_not_removed(
    store: VectorStore, tenant: Tenant, fill: Callable
) -> None:
    assert await store.ids(tenant) == set()
    await fill(store, tenant, 40)
    await store.remove(tenant, [3, 4])
    assert await store.ids(tenant) == set(range(40)) - {3, 4}


async def test_it_knows_whose_collections_it_holds(store: VectorStore, tenant: Tenant, other: Tenant) -> None:
    ending = Tenant(f"{other.client_id}_")
    for each in (tenant, ending):
        await store.ensure(each, "m")
    assert {tenant, ending} <= await store.tenants()
    assert other not in await store.tenants()
    await store.drop(tenant)
    assert tenant not in await store.tenants()


async def test_it_works_on_after_it_was_compacted(
    store: VectorStore, tenant: Tenant, other: Tenant, fill: Callable
) -> None:
    vectors = await fill(store, tenant, 200)
    await fill(store, other, 200)
    before = await store.size_bytes()
    await store.drop(other)
    await store.compact()
    assert await store.size_bytes() < before
    assert [hit.chunk_id for hit in await store.search(tenant, vectors[7], 1)] == [7]
    assert await store.sweep() == []
