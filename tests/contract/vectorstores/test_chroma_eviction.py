"""Chroma keeps some indexes open and evicts the others: nothing may be lost by that."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import conversational_rag
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores.chroma import ChromaStore


def _open_files(pid: int | None) -> list[str]:
    descriptors = Path(f"/proc/{pid}/fd").iterdir()
    return [str(descriptor.readlink()) for descriptor in descriptors if descriptor.is_symlink()]


def _open_indexes(pid: int | None) -> int:
    return sum(file.endswith("/data_level0.bin") for file in _open_files(pid))


@pytest.mark.timeout(120)
async def test_150_clients_and_1024_files_lose_nothing_over_two_rounds_and_a_restart(path: Path) -> None:
    script = Path(__file__).with_name("many_collections.py")
    environment = os.environ | {"PYTHONPATH": str(Path(conversational_rag.__file__).parent.parent)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(path), "1000", stdout=asyncio.subprocess.PIPE, env=environment
    )
    output, _ = await process.communicate()
    told = json.loads(output)
    assert told["lost"] == {"first": [], "second": [], "after a restart": []}
    assert told["restarts"] == 0
    assert 64 < told["open"] < 150  # evictions did happen


async def test_60_clients_and_16_open_indexes_lose_nothing_while_vectors_come_and_go(
    open_store: Callable[..., ChromaStore], unit_vectors: Callable
) -> None:
    store = open_store(16)
    pool = unit_vectors(240)
    tenants = {Tenant(f"client_{number}"): set[int]() for number in range(60)}
    random = np.random.default_rng(5)
    for round_number in range(3):
        for tenant, held in tenants.items():
            await store.ensure(tenant, "toy")
            added = set(range(12 * round_number, 12 * (round_number + 1)))  # an id is never used twice
            removed = set(random.permutation(sorted(held))[:5].tolist())
            await store.add(tenant, sorted(added), pool[sorted(added)], [{}] * len(added))
            await store.remove(tenant, sorted(removed))
            held |= added
            held -= removed
        for tenant, held in tenants.items():
            sample = sorted(held)[::4]
            hits = await asyncio.gather(*(store.search(tenant, pool[row], 240) for row in sample))
            assert [found[0].chunk_id for found in hits] == sample
            assert {hit.chunk_id for found in hits for hit in found} == held
            assert await store.count(tenant) == len(held)
    assert _open_indexes(store.pid) < 60  # evictions did happen
    assert store.restarts == 0


async def test_indexes_of_dropped_clients_do_not_stay_open_for_ever(
    open_store: Callable[..., ChromaStore], fill: Callable
) -> None:
    store = open_store(16)
    for number in range(100):
        tenant = Tenant(f"client_{number}")
        await fill(store, tenant, 2)
        await store.drop(tenant)
    assert _open_indexes(store.pid) == 0  # those that are still open have no name any more
    assert len(_open_files(store.pid)) < 100 * 4


async def test_an_index_read_again_from_disk_finds_as_much_as_before(
    open_store: Callable[..., ChromaStore], tenant: Tenant, fill: Callable, unit_vectors: Callable
) -> None:
    first = open_store()
    vectors = await fill(first, tenant, 1000)
    await first.close()
    second = open_store()
    found = 0
    for question in unit_vectors(50, seed=1):
        expected = set(np.argsort(-(vectors @ question))[:10].tolist())
        found += len(expected & {hit.chunk_id for hit in await second.search(tenant, question, 10)})
    assert found / 500 >= 0.99
