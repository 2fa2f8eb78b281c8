"""Chroma's process dies, hangs, or finds damaged files: one client is told, the others go on, a rebuild heals."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from conversational_rag.errors import IndexUnavailable, StorageFull
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores import chroma
from conversational_rag.vectorstores.base import CollectionBroken, IndexUnreadable, Vectors
from conversational_rag.vectorstores.chroma import ChromaStore

Open = Callable[..., ChromaStore]
Rebuild = Callable[..., Awaitable[None]]

_PARENT = """
import asyncio, sys
from pathlib import Path
import numpy as np
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores.chroma import ChromaStore

async def main():
    store = ChromaStore(Path(sys.argv[1]), 64)
    tenant = Tenant(sys.argv[2])
    await store.ensure(tenant, "toy")
    vectors = np.random.default_rng(0).standard_normal((25, 384)).astype(np.float32)
    for start in range(0, 100_000, 25):
        await store.add(tenant, range(start, start + 25), vectors, [{}] * 25)
        print(store.pid, flush=True)

asyncio.run(main())
"""


@pytest.fixture
def rebuild() -> Rebuild:
    """What the service does with a broken client: `await rebuild(store, tenant, vectors)`."""

    async def make(store: ChromaStore, tenant: Tenant, vectors: Vectors) -> None:
        await store.drop(tenant)
        await store.ensure(tenant, "toy")
        await store.add(tenant, range(len(vectors)), vectors, [{}] * len(vectors))

    return make


def _send(store: ChromaStore, number: signal.Signals) -> None:
    assert store.pid is not None
    os.kill(store.pid, number)


def _index_of(path: Path, tenant: Tenant) -> Path:
    """The directory of a client's index; Chroma's process must have ended."""
    database = sqlite3.connect(path / "chroma.sqlite3")
    question = "select s.id from segments s join collections c on c.id = s.collection where c.name = ? and scope = ?"
    ((name,),) = database.execute(question, (tenant.collection_name, "VECTOR")).fetchall()
    database.close()
    return path / name


def _indexes(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.is_dir()]


def _remove(directory: Path) -> None:
    shutil.rmtree(directory)


def _lose_metadata(directory: Path) -> None:
    (directory / "index_metadata.pickle").unlink()


def _lose_vectors(directory: Path) -> None:
    (directory / "data_level0.bin").unlink()


def _spoil_header(directory: Path) -> None:
    (directory / "header.bin").write_bytes(b"\xff" * 100)


def _spoil_vectors(directory: Path) -> None:
    size = (directory / "data_level0.bin").stat().st_size
    (directory / "data_level0.bin").write_bytes(b"\xff" * size)


def _cut_vectors(directory: Path) -> None:
    os.truncate(directory / "data_level0.bin", 60_000)


def _empty_all(directory: Path) -> None:
    for file in directory.iterdir():
        file.write_bytes(b"")


async def test_a_process_killed_in_an_add_is_that_clients_loss_alone(
    store: ChromaStore, tenant: Tenant, other: Tenant, fill: Callable, misses: Callable, rebuild: Rebuild
) -> None:
    others = await fill(store, other, 20)
    vectors = await fill(store, tenant, 50)
    _send(store, signal.SIGSTOP)
    adding = asyncio.create_task(store.add(tenant, range(50), vectors, [{}] * 50))
    done, _ = await asyncio.wait({adding}, timeout=0.1)
    assert not done
    _send(store, signal.SIGKILL)
    with pytest.raises(CollectionBroken, match="rebuilt"):
        await adding
    assert await misses(store, other, others) == []
    assert store.restarts == 1
    await rebuild(store, tenant, vectors)
    assert await misses(store, tenant, vectors) == []
    assert await store.count(tenant) == 50


@pytest.mark.timeout(90)
async def test_a_process_killed_at_any_moment_of_an_add_comes_back_with_what_it_had(
    open_store: Open, other: Tenant, fill: Callable, misses: Callable, rebuild: Rebuild, unit_vectors: Callable
) -> None:
    store = open_store(clock=iter(range(0, 10**6, 100)).__next__)  # deaths far apart: the breaker is not asked here
    others = await fill(store, other, 50)
    vectors = unit_vectors(400)
    dice = random.Random(7)
    reported = 0
    for round_ in range(3):
        tenant = Tenant(f"client_{round_}")
        await store.ensure(tenant, "toy")
        adding = asyncio.create_task(store.add(tenant, range(400), vectors, [{}] * 400))
        while await store.count(tenant) < 100 * round_:
            pass
        await asyncio.wait({adding}, timeout=dice.uniform(0, 0.02))
        _send(store, signal.SIGKILL)
        try:
            await adding
        except CollectionBroken:
            reported += 1
            await rebuild(store, tenant, vectors)
        assert await store.count(tenant) == 400
        assert await misses(store, tenant, vectors) == []
        assert await misses(store, other, others) == []
    assert reported
    assert store.restarts >= reported


async def test_a_process_killed_while_idle_is_started_again_without_a_word(
    store: ChromaStore, tenant: Tenant, fill: Callable, misses: Callable, until: Callable
) -> None:
    vectors = await fill(store, tenant, 20)
    _send(store, signal.SIGKILL)
    await until(lambda: store.pid is None)
    assert await misses(store, tenant, vectors) == []
    assert store.restarts == 1


async def test_a_process_that_hangs_is_given_up(
    store: ChromaStore, tenant: Tenant, fill: Callable, misses: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = await fill(store, tenant, 20)
    monkeypatch.setattr(chroma, "_READ_SECONDS", 0.2)
    _send(store, signal.SIGSTOP)
    with pytest.raises(CollectionBroken):
        await store.search(tenant, vectors[0], 1)
    monkeypatch.setattr(chroma, "_READ_SECONDS", 15.0)
    assert await misses(store, tenant, vectors) == []


async def test_a_process_that_keeps_dying_is_not_started_again_and_again(open_store: Open, until: Callable) -> None:
    now = 0.0
    store = open_store(clock=lambda: now)
    for _ in range(3):
        await store.ping()
        _send(store, signal.SIGKILL)
        await until(lambda: store.pid is None)
    with pytest.raises(IndexUnavailable, match="try again") as caught:
        await store.ping()
    assert caught.value.retry_after == 2.0
    assert type(caught.value) is IndexUnavailable
    assert store.pid is None
    now = 2.0
    await store.ping()
    assert store.restarts == 3


async def test_a_service_killed_in_an_add_leaves_the_directory_to_the_next_one(
    open_store: Open, path: Path, tenant: Tenant, rebuild: Rebuild, misses: Callable, unit_vectors: Callable
) -> None:
    command = (sys.executable, "-c", _PARENT, str(path), tenant.client_id)
    service = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert service.stdout is not None
    for _ in range(3):
        assert await service.stdout.readline()
    service.kill()
    store = open_store()
    with contextlib.suppress(CollectionBroken):  # the index in flight may be damaged: it is rebuilt either way
        assert await store.count(tenant) >= 75
    vectors = unit_vectors(50)
    await rebuild(store, tenant, vectors)
    assert await misses(store, tenant, vectors) == []
    assert await store.count(tenant) == 50
    await service.communicate()


@pytest.mark.timeout(90)
async def test_damaged_files_of_one_client_are_noticed_and_a_rebuild_heals_them(
    open_store: Open, filled: Path, unit_vectors: Callable, misses: Callable, rebuild: Rebuild
) -> None:
    damages = [_remove, _lose_metadata, _lose_vectors, _spoil_header, _spoil_vectors, _cut_vectors, _empty_all]
    for number, damage in enumerate(damages):
        damage(_index_of(filled, Tenant(f"client_{number}")))
    store = open_store(at=filled)
    unnoticed, unhealed = [], []
    for number, damage in enumerate(damages):
        tenant, vectors = Tenant(f"client_{number}"), unit_vectors(60, number)
        try:
            await store.search(tenant, vectors[0], 5)
            unnoticed.append(damage.__name__)
        except CollectionBroken:
            await rebuild(store, tenant, vectors)
            if await misses(store, tenant, vectors) or await store.count(tenant) != 60:
                unhealed.append(damage.__name__)
    assert (unnoticed, unhealed) == ([], [])
    assert await misses(store, Tenant("client_7"), unit_vectors(60, 7)) == []
    assert len(_indexes(filled)) == 8


async def test_writing_to_an_index_whose_files_are_gone_does_not_pretend(
    open_store: Open, filled: Path, unit_vectors: Callable
) -> None:
    tenant = Tenant("client_0")
    _remove(_index_of(filled, tenant))
    store = open_store(at=filled)
    for _ in range(2):
        with pytest.raises(CollectionBroken):
            await store.add(tenant, [99], unit_vectors(1, seed=3), [{}])
        with pytest.raises(CollectionBroken):
            await store.remove(tenant, [1])
        with pytest.raises(CollectionBroken):
            await store.count(tenant)


async def test_a_write_that_fails_for_want_of_room_says_so(
    store: ChromaStore, tenant: Tenant, unit_vectors: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CollectionBroken):
        await store.add(tenant, [1], unit_vectors(1), [{}])
    monkeypatch.setattr(chroma, "_FULL_DISK_BYTES", 2**80)  # any disk is too full now
    with pytest.raises(StorageFull):
        await store.add(tenant, [1], unit_vectors(1), [{}])


async def test_files_that_go_while_the_process_runs_are_missed_at_once(
    store: ChromaStore, path: Path, tenant: Tenant, fill: Callable, rebuild: Rebuild, misses: Callable
) -> None:
    vectors = await fill(store, tenant, 20)
    (directory,) = _indexes(path)
    _remove(directory)
    with pytest.raises(CollectionBroken):
        await store.search(tenant, vectors[0], 1)
    await rebuild(store, tenant, vectors)
    assert await misses(store, tenant, vectors) == []


def _replace_database(path: Path, content: bytes) -> None:
    for file in path.glob("chroma.sqlite3-*"):
        file.unlink()
    (path / "chroma.sqlite3").write_bytes(content)


def _garbage(_whole: bytes) -> bytes:
    return b"garbage " * 4096


def _only_a_head(_whole: bytes) -> bytes:
    return b"SQLite format 3\x00" + b"\x00" * 8000


def _torn(whole: bytes) -> bytes:
    return whole[: len(whole) // 3]


def _overwritten(whole: bytes) -> bytes:
    return whole[:4096] + b"\xa5" * (len(whole) - 4096)


@pytest.mark.parametrize("spoil", [_garbage, _only_a_head, _torn, _overwritten], ids=lambda spoil: spoil.__name__)
async def test_a_database_that_cannot_be_read_says_so_to_everybody(
    open_store: Open, filled: Path, spoil: Callable[[bytes], bytes]
) -> None:
    _replace_database(filled, spoil((filled / "chroma.sqlite3").read_bytes()))
    store = open_store(at=filled)
    for _ in range(2):  # the second time no new start is tried
        with pytest.raises(IndexUnreadable, match="reindex"):
            await store.search(Tenant("client_1"), np.ones(384, np.float32), 1)


async def test_a_reset_makes_an_unreadable_index_an_empty_one(
    open_store: Open, filled: Path, tenant: Tenant, fill: Callable, misses: Callable
) -> None:
    _replace_database(filled, _garbage(b""))
    store = open_store(at=filled)
    with pytest.raises(IndexUnreadable):
        await store.ping()
    await store.reset()
    assert _indexes(filled) == []
    assert await store.fingerprint(Tenant("client_1")) is None
    vectors = await fill(store, tenant, 20)
    assert await misses(store, tenant, vectors) == []
