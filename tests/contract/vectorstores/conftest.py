"""Stores over real directories, and vectors to put into them."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import until

from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores.base import Vectors, VectorStore
from conversational_rag.vectorstores.chroma import ChromaStore

Until = Callable[[Callable[[], Any]], Awaitable[None]]
Open = Callable[..., ChromaStore]

FINGERPRINT = "toy-model-1"
_numbers = itertools.count()


@pytest.fixture
def tenant() -> Tenant:
    """A client nobody has used before."""
    return Tenant(f"client_{next(_numbers):016x}")


@pytest.fixture
def other() -> Tenant:
    """Another one."""
    return Tenant(f"client_{next(_numbers):016x}")


@pytest.fixture(scope="session")
def unit_vectors() -> Callable[..., Vectors]:
    """`unit_vectors(count, seed)`: random directions, 384 numbers each."""

    def make(count: int, seed: int = 0) -> Vectors:
        rows = np.random.default_rng(seed).standard_normal((count, 384)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return make


@pytest.fixture(scope="session")
def text_vectors() -> Callable[..., Vectors]:
    """`text_vectors(count, seed)`: random, but as uneven as the vectors of texts (all-MiniLM-L6-v2 on articles): the
    n-th principal direction spreads as far as the first divided by the root of n. Where all are alike, none is near."""

    def make(count: int, seed: int = 0) -> Vectors:
        shares = np.arange(1, 385, dtype=np.float32) ** -0.5
        rows = np.random.default_rng(seed).standard_normal((count, 384)).astype(np.float32) * shares
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return make


@pytest.fixture(scope="session")
def fill(unit_vectors: Callable[..., Vectors]) -> Callable[..., Awaitable[Vectors]]:
    """`await fill(store, tenant, count, seed)`: a collection with ids from 0 on; returns its vectors."""

    async def make(store: VectorStore, tenant: Tenant, count: int = 20, seed: int = 0) -> Vectors:
        vectors = unit_vectors(count, seed)
        await store.ensure(tenant, FINGERPRINT)
        await store.add(tenant, range(count), vectors, [{"document": seed}] * count)
        return vectors

    return make


@pytest.fixture(scope="session")
def misses() -> Callable[..., Awaitable[list[int]]]:
    """`await misses(store, tenant, vectors)`: the ids whose own vector does not find them first."""

    async def ask(store: VectorStore, tenant: Tenant, vectors: Vectors) -> list[int]:
        found = [await store.search(tenant, vector, 1) for vector in vectors]
        return [row for row, hits in enumerate(found) if [hit.chunk_id for hit in hits] != [row]]

    return ask


@pytest.fixture(scope="session")
def fresh_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chroma's directory as it is right after its first start: copied, it saves each test that second."""
    path = tmp_path_factory.mktemp("fresh") / "chroma"

    async def start() -> None:
        store = ChromaStore(path, 64)
        await store.ping()
        await store.close()

    asyncio.run(start())
    return path


@pytest.fixture(scope="session")
def filled_directory(
    fresh_directory: Path, tmp_path_factory: pytest.TempPathFactory, fill: Callable[..., Awaitable[Vectors]]
) -> Path:
    """The same with the clients client_0 to client_7, 60 vectors each, the number being the seed."""
    path = tmp_path_factory.mktemp("filled") / "chroma"
    shutil.copytree(fresh_directory, path)

    async def start() -> None:
        store = ChromaStore(path, 64)
        for number in range(8):
            await fill(store, Tenant(f"client_{number}"), 60, number)
        await store.close()

    asyncio.run(start())
    return path


@pytest.fixture
def path(fresh_directory: Path, tmp_path: Path) -> Path:
    """A directory of the test's own that holds an empty index."""
    shutil.copytree(fresh_directory, tmp_path / "chroma")
    return tmp_path / "chroma"


@pytest.fixture
def filled(filled_directory: Path, tmp_path: Path) -> Path:
    """A directory of the test's own with the eight clients."""
    shutil.copytree(filled_directory, tmp_path / "filled")
    return tmp_path / "filled"


@pytest.fixture
async def open_store(path: Path) -> AsyncIterator[Open]:
    """Opens stores, over `path` unless told otherwise; all are closed at the end."""
    opened: list[ChromaStore] = []

    def make(open_collections: int = 64, *, at: Path = path, **options: Any) -> ChromaStore:
        opened.append(ChromaStore(at, open_collections, **options))
        return opened[-1]

    yield make
    for store in opened:
        await store.close()


@pytest.fixture
def store(open_store: Open) -> ChromaStore:
    """A store of the test's own."""
    return open_store()


@pytest.fixture(name="until")
def until_fixture() -> Until:
    """Waits until the condition holds, 20 seconds at the most."""
    return until
