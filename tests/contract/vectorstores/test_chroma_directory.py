"""What this version of Chroma leaves on disk, and how its process is set up."""

import asyncio
import json
import re
import resource
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conversational_rag.errors import IndexUnavailable
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores.base import IndexInUse, IndexUnreadable
from conversational_rag.vectorstores.chroma import ChromaStore

Open = Callable[..., ChromaStore]

_OTHER_PROGRAM = """
import sys
import chromadb
client = chromadb.PersistentClient(sys.argv[1], settings=chromadb.config.Settings(anonymized_telemetry=False))
collection = client.create_collection(sys.argv[2], embedding_function=None)
collection.add(ids=["a", "b"], embeddings=[[1.0, 0.0], [0.0, 1.0]], documents=["one", "two"])
"""


def _ask(path: Path, question: str, *values: object) -> list[tuple]:
    """Ask Chroma's database; its process must have ended."""
    database = sqlite3.connect(path / "chroma.sqlite3")
    answer = database.execute(question, values).fetchall()
    database.close()
    return answer


def _indexes(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir() if entry.is_dir()}


def _limit(pid: int | None, name: str) -> str:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(re.split(r"\s{2,}", line)[1] for line in lines if line.startswith(name))


def test_each_collection_has_the_settings_that_lose_nothing(filled_directory: Path) -> None:
    schemas = _ask(filled_directory, "select schema_str from collections")
    assert len(schemas) == 8
    for (schema,) in schemas:
        vector_index = json.loads(schema)["keys"]["#embedding"]["float_list"]["vector_index"]
        assert vector_index["enabled"] is True
        assert vector_index["config"]["space"] == "cosine"
        hnsw = vector_index["config"]["hnsw"]
        assert (hnsw["sync_threshold"], hnsw["batch_size"], hnsw["ef_search"]) == (1, 1, 1600)


def test_the_database_writes_ahead_and_has_the_indexes_that_chroma_forgot(filled_directory: Path) -> None:
    assert _ask(filled_directory, "pragma journal_mode") == [("wal",)]
    assert _ask(filled_directory, "pragma auto_vacuum") == [(1,)]
    plan = _ask(filled_directory, "explain query plan select * from embeddings_queue where topic = 'x' and seq_id > 5")
    assert "embeddings_queue_by_topic" in plan[0][3]
    plan = _ask(filled_directory, "explain query plan select * from segments where collection = 'x'")
    assert "segments_by_collection" in plan[0][3]


def test_ids_and_vectors_and_small_metadata_are_all_there_is(filled_directory: Path) -> None:
    assert _ask(filled_directory, "select distinct key from embedding_metadata") == [("document",)]
    assert _ask(filled_directory, "select count(*) from embedding_fulltext_search") == [(0,)]
    assert _ask(filled_directory, "select count(*) from embeddings") == [(480,)]


def test_the_queue_is_emptied_as_the_indexes_take_its_vectors(filled_directory: Path) -> None:
    ((waiting,),) = _ask(filled_directory, "select count(*) from embeddings_queue")
    assert waiting <= 8 * 25


async def test_dropping_clients_frees_their_place_on_disk(
    open_store: Open, filled: Path, tenant: Tenant, fill: Callable
) -> None:
    store = open_store(at=filled)
    await fill(store, tenant, 500)
    assert len(_indexes(filled)) == 9
    assert await store.drop(tenant) == 500  # of this start
    assert await store.drop(Tenant("client_3")) == 60  # of a former one
    assert len(_indexes(filled)) == 7
    await store.close()
    assert _ask(filled, "select count(*), sum(name = 'docs_client_3') from collections") == [(7, 0)]
    assert _ask(filled, "select count(*) from embeddings") == [(7 * 60,)]
    assert _ask(filled, "select count(*) from segments") == [(14,)]
    assert _ask(filled, "pragma freelist_count") == [(0,)]


async def test_indexes_that_belong_to_nobody_are_deleted_at_the_start(open_store: Open, filled: Path) -> None:
    kept = _indexes(filled)
    (filled / str(uuid.uuid4())).mkdir()
    await open_store(at=filled).ping()
    assert _indexes(filled) == kept


async def test_the_process_may_not_fill_the_disk_and_keeps_its_files(open_store: Open) -> None:
    store = open_store(4000)
    await store.ping()
    assert _limit(store.pid, "Max file size") == str(8 * 1024**3)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert int(_limit(store.pid, "Max open files")) == min(hard, 5 * 4000 + 128)


async def test_a_new_directory_is_made_with_all_above_it(open_store: Open, tmp_path: Path, tenant: Tenant) -> None:
    store = open_store(at=tmp_path / "not" / "there yet")
    await store.ensure(tenant, "toy")
    await store.close()
    assert _ask(tmp_path / "not" / "there yet", "pragma journal_mode") == [("wal",)]


async def test_a_second_store_over_the_same_directory_is_refused_while_the_first_lives(
    open_store: Open, tenant: Tenant, fill: Callable, misses: Callable
) -> None:
    now = 0.0
    first, second = open_store(), open_store(lock_seconds=0.2, clock=lambda: now)
    vectors = await fill(first, tenant, 20)
    with pytest.raises(IndexInUse, match=r"Another process .* stop it first"):
        await second.ping()
    with pytest.raises(IndexInUse) as caught:  # not tried again at once
        await second.search(tenant, vectors[0], 1)
    assert caught.value.retry_after == 2.0
    with pytest.raises(IndexInUse):
        await second.reset()
    assert await misses(first, tenant, vectors) == []
    await first.close()
    now = 2.0
    assert await misses(second, tenant, vectors) == []


async def test_a_store_that_is_closing_is_waited_for(open_store: Open, tenant: Tenant, unit_vectors: Callable) -> None:
    first, second = open_store(), open_store()
    await first.ensure(tenant, "toy")
    adding = asyncio.create_task(first.add(tenant, range(500), unit_vectors(500), [{}] * 500))
    await first.count(tenant)
    waiting = asyncio.create_task(second.count(tenant))
    await adding
    assert not waiting.done()
    await first.close()
    assert await waiting == 500


async def test_a_path_that_cannot_be_a_directory_is_named_by_its_setting(open_store: Open, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(IndexUnavailable, match="VECTOR_STORE_PATH"):
        await open_store(at=tmp_path / "file" / "chroma").ping()


async def test_a_collection_of_the_same_name_by_another_program_is_replaced(
    open_store: Open, path: Path, tenant: Tenant, fill: Callable, misses: Callable
) -> None:
    command = [sys.executable, "-c", _OTHER_PROGRAM, str(path), tenant.collection_name]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    store = open_store()
    assert await store.fingerprint(tenant) is None
    assert await store.count(tenant) == 0
    assert await store.search(tenant, np.ones(2, np.float32), 1) == []
    vectors = await fill(store, tenant, 20)
    assert await misses(store, tenant, vectors) == []
    assert await store.count(tenant) == 20
    assert len(_indexes(path)) == 1


async def test_sweeping_names_what_the_start_has_found_and_what_came_since(open_store: Open, filled: Path) -> None:
    kept = _indexes(filled)
    old, new = str(uuid.uuid4()), str(uuid.uuid4())
    (filled / old).mkdir()
    store = open_store(at=filled)
    await store.ping()
    (filled / new).mkdir()
    assert await store.sweep() == sorted([old, new])
    assert await store.sweep() == []
    assert _indexes(filled) == kept


async def test_the_collections_of_another_program_are_nobodys(open_store: Open, path: Path) -> None:
    command = [sys.executable, "-c", _OTHER_PROGRAM, str(path), "recipes"]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    assert await open_store().tenants() == set()


async def test_a_database_that_cannot_be_read_cannot_be_compacted(open_store: Open, path: Path) -> None:
    (path / "chroma.sqlite3").write_bytes(b"rubbish" * 1000)
    with pytest.raises(IndexUnreadable):
        await open_store().compact()
