"""The directory: one owner, a tuned database, nobody's files deleted but Chroma's own."""

import os
import sqlite3
import threading
import uuid
from pathlib import Path

import pytest

from conversational_rag.vectorstores import chroma_directory
from conversational_rag.vectorstores.chroma_directory import DirectoryInUse
from conversational_rag.vectorstores.hnsw_files import Indexes

_SCHEMA = """
    create table embeddings_queue (seq_id integer primary key, topic text not null, vector blob);
    create table segments (id text primary key, scope text not null, collection text not null);
    create table max_seq_id (segment_id text primary key, seq_id integer not null);
"""


def _create_schema(path: Path, *rows: tuple[str, str, str]) -> None:
    database = sqlite3.connect(path / "chroma.sqlite3")
    database.executescript(_SCHEMA)
    database.executemany("insert into segments values (?, ?, ?)", rows)
    database.commit()
    database.close()


def _ask(path: Path, question: str) -> list[tuple]:
    database = sqlite3.connect(path / "chroma.sqlite3")
    answer = database.execute(question).fetchall()
    database.close()
    return answer


def _index(path: Path) -> str:
    name = str(uuid.uuid4())
    (path / name).mkdir()
    (path / name / "header.bin").write_bytes(b"x")
    return name


def test_a_directory_has_one_owner_at_a_time(tmp_path: Path) -> None:
    owner = chroma_directory.lock(tmp_path / "new", 0)
    with pytest.raises(DirectoryInUse):
        chroma_directory.lock(tmp_path / "new", 0.1)
    os.close(owner)
    os.close(chroma_directory.lock(tmp_path / "new", 0))


def test_the_next_owner_waits_for_the_last_one_to_finish(tmp_path: Path) -> None:
    owner = chroma_directory.lock(tmp_path, 0)
    threading.Timer(0.2, os.close, [owner]).start()
    os.close(chroma_directory.lock(tmp_path, 20))


def test_the_schema_is_made_once(tmp_path: Path) -> None:
    made = []

    def create() -> None:
        made.append(1)
        _create_schema(tmp_path)

    chroma_directory.prepare(tmp_path, create)
    chroma_directory.prepare(tmp_path, create)
    assert made == [1]


def test_the_database_gets_write_ahead_logging_an_index_and_gives_space_back(tmp_path: Path) -> None:
    chroma_directory.prepare(tmp_path, lambda: _create_schema(tmp_path))
    assert _ask(tmp_path, "pragma journal_mode") == [("wal",)]
    assert _ask(tmp_path, "pragma auto_vacuum") == [(1,)]
    plan = _ask(tmp_path, "explain query plan select * from embeddings_queue where topic = 'x' order by seq_id")
    assert "USING INDEX embeddings_queue_by_topic" in plan[0][3]


def test_a_database_too_large_to_rewrite_in_seconds_is_not_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_directory, "_REWRITABLE_BYTES", 4096)
    chroma_directory.prepare(tmp_path, lambda: _create_schema(tmp_path))
    assert _ask(tmp_path, "pragma auto_vacuum") == [(0,)]
    assert _ask(tmp_path, "pragma journal_mode") == [("wal",)]


def test_the_directory_of_each_collection_is_told_and_the_others_are_deleted(tmp_path: Path) -> None:
    kept, orphan = _index(tmp_path), _index(tmp_path)
    _create_schema(tmp_path, (kept, "VECTOR", "collection-a"), ("m", "METADATA", "collection-a"))
    assert chroma_directory.prepare(tmp_path, lambda: None) == Indexes({"collection-a": kept}, set(), {orphan})
    assert (tmp_path / kept / "header.bin").exists()
    assert not (tmp_path / orphan).exists()


def test_a_collection_whose_index_has_taken_vectors_must_have_its_files(tmp_path: Path) -> None:
    _create_schema(tmp_path, ("used", "VECTOR", "collection-a"), ("new", "VECTOR", "collection-b"))
    database = sqlite3.connect(tmp_path / "chroma.sqlite3")
    with database:
        database.execute("insert into max_seq_id values ('used', 7)")
    database.close()
    assert chroma_directory.prepare(tmp_path, lambda: None).written == {"collection-a"}


def test_what_is_not_chromas_stays(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "thesis.txt").write_text("a year of work")
    (tmp_path / str(uuid.uuid4())).write_text("a file with the name of an index")
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (tmp_path / str(uuid.uuid4())).symlink_to(elsewhere)
    before = sorted(tmp_path.iterdir())
    _create_schema(tmp_path)
    _index(tmp_path)
    chroma_directory.prepare(tmp_path, lambda: None)
    chroma_directory.erase(tmp_path, 0)
    assert [path for path in sorted(tmp_path.iterdir()) if path.name != "chroma.lock"] == before
    assert elsewhere.exists()


def test_a_directory_in_use_is_not_erased(tmp_path: Path) -> None:
    owner = chroma_directory.lock(tmp_path, 0)
    _create_schema(tmp_path)
    with pytest.raises(DirectoryInUse):
        chroma_directory.erase(tmp_path, 0)
    assert (tmp_path / "chroma.sqlite3").exists()
    os.close(owner)


def test_a_file_that_is_no_database_is_a_database_error(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"garbage " * 1000)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        chroma_directory.prepare(tmp_path, lambda: None)
