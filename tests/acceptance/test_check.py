"""`check` finds what a hand, a crash or a disk has damaged, and `check --repair` mends it."""

import re
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from command_line import refused, run, succeed
from running_server import RunningServer
from waiting import wait_for

_STRANGER = """
import sys
import chromadb
client = chromadb.PersistentClient(sys.argv[1], settings=chromadb.config.Settings(anonymized_telemetry=False))
collection = client.create_collection("docs_stranger", embedding_function=None)
collection.add(ids=["1", "2"], embeddings=[[1.0, 0.0], [0.0, 1.0]])
"""
TEXTS = {
    "alpha": "The Harbour Bridge was opened in 1932.",
    "beta": "Tulips are planted in October.",
    "gamma": "The lighthouse keeper is called Ole.",
    "delta": "The tram stops at the market.",
}


@contextmanager
def tables(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database, as a hand with the sqlite3 program changes it: without foreign keys."""
    with closing(sqlite3.connect(folder / "data" / "sessions.db")) as database, database:
        yield database


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped instance with four clients of one document each, and one of a long document."""
    folder = tmp_path_factory.mktemp("filled")
    with RunningServer(folder) as server:
        for client, text in TEXTS.items():
            server.new_client((f"{client}.txt", text.encode()), client_id=client)
        long = " ".join(f"Station {number} lies {number} miles from the harbour." for number in range(200))
        server.new_client(("stations.txt", long.encode()), client_id="long")
        server.stop()
    return folder


@pytest.fixture
def instance(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return tmp_path


def document_of(folder: Path, client: str) -> str:
    with tables(folder) as database:
        ((found,),) = database.execute("SELECT id FROM documents WHERE client_id = ?", [client]).fetchall()
    return str(found)


def counted(report: str) -> dict[str, int]:
    """The differences by what they are about."""
    found = [line.split(maxsplit=2) for line in report.splitlines() if line.startswith("difference")]
    return {text.partition(" (")[0]: int(count) for _, count, text in found}


def test_a_healthy_instance_has_no_differences_running_or_stopped(instance: Path) -> None:
    assert "\n0 differences" in succeed(instance, "check")
    with RunningServer(instance) as server:
        told = succeed(instance, "check", PORT=str(server.port))
        assert "\n0 differences" in told
        assert "not compared while the server runs" in told
        assert "stop it first" in refused(instance, "check", "--repair", PORT=str(server.port))


def test_every_kind_of_damage_is_found_counted_and_mended(instance: Path) -> None:
    uploads, index = instance / "data" / "uploads", instance / "chroma_db"
    lost, forgotten = document_of(instance, "beta"), document_of(instance, "delta")
    queued = f"doc_{uuid.uuid4().hex}"
    (uploads / queued).write_text("The ferry leaves at noon.")
    (uploads / f"doc_{uuid.uuid4().hex}").write_text("Nobody knows me.")
    (uploads / lost).unlink()
    with tables(instance) as database:
        database.execute("DELETE FROM chunks WHERE client_id = 'long' AND ordinal = 3")
        database.execute("DELETE FROM documents WHERE id = ?", [forgotten])
        database.execute("UPDATE clients SET index_dirty = 1 WHERE client_id = 'gamma'")
        database.execute(
            "INSERT INTO documents (id, client_id, filename, sha256, kind, bytes, characters, chunk_size,"
            " chunk_overlap, status, created_at) VALUES"
            " (?, 'gamma', 'ferry.txt', 'x', '', 25, 0, 1000, 200, 'queued', 1)",
            [queued],
        )
        database.execute(
            "INSERT INTO jobs (id, client_id, task, state, run_after, created_at)"
            " VALUES ('job_1', 'gamma', 'ingest', 'running', 0, 0)"
        )
        database.execute("INSERT INTO job_files VALUES ('job_1', 0, 'gone.txt', 'doc_gone', NULL)")
        database.execute("INSERT INTO chunk_words(chunk_words) VALUES ('delete-all')")
    subprocess.run([sys.executable, "-c", _STRANGER, str(index)], check=True, timeout=60)
    with closing(sqlite3.connect(index / "chroma.sqlite3")) as chroma:
        ((segment,),) = chroma.execute(
            "SELECT s.id FROM segments s JOIN collections c ON c.id = s.collection"
            " WHERE s.scope = 'VECTOR' AND c.name = 'docs_alpha'"
        ).fetchall()
    shutil.rmtree(index / segment)
    (index / str(uuid.uuid4())).mkdir()

    found = run(instance, "check")
    assert found.returncode == 1
    differences = counted(found.stdout)
    assert differences.pop("chunks in which keyword index and table differ") >= 4
    assert differences == {
        "rows of chunks whose row in documents is gone": 1,
        "rows of pages whose row in documents is gone": 1,
        "jobs begun by a process that is gone": 1,
        "ready documents that lack chunks": 1,
        "waiting documents without a job": 1,
        "files of open jobs without a document": 1,
        "files that no document needs": 2,
        "index directories of no collection": 1,
        "vector collections of no client": 1,
        # alpha lacks its index, gamma's mark is up, delta and long have a vector too many.
        "clients whose vector index differs": 4,
    }
    assert "note             1  ready documents without their original file" in found.stdout
    assert "check --repair" in found.stdout

    mended = succeed(instance, "check", "--repair")
    assert mended.count("mended") == 11 - 1, "what belonged to no collection was removed by the first look already"
    assert "\n0 differences" in mended
    assert "\n0 differences" in succeed(instance, "check")
    with RunningServer(instance) as server:
        for client, text in TEXTS.items():
            if client != "delta":
                assert server.ask(client, text)["sources"][0]["content"] == text
        wait_for(lambda: server.http.get("/api/v1/chat/collections/gamma/stats").json()["files"] == 2)
        assert server.ask("gamma", "When does the ferry leave?")["sources"][0]["filename"] == "ferry.txt"
        wait_for(lambda: server.http.get("/api/v1/chat/collections/long/stats").json()["files"] == 1)
        assert "Station 30 lies" in server.ask("long", "How far is station 30?")["response"]
        server.stop()
        assert "index_stale" not in server.log.read_text()
    assert "\n0 differences" in succeed(instance, "check")


def test_a_waiting_document_whose_file_is_gone_fails_with_a_reason(instance: Path) -> None:
    with tables(instance) as database:
        database.execute("UPDATE documents SET status = 'queued' WHERE client_id = 'alpha'")
        database.execute("UPDATE job_files SET outcome = NULL WHERE filename = 'alpha.txt'")
        database.execute("UPDATE jobs SET state = 'queued' WHERE client_id = 'alpha'")
    (instance / "data" / "uploads" / document_of(instance, "alpha")).unlink()
    assert counted(run(instance, "check").stdout)["waiting documents whose file is gone"] == 1
    assert "marked as failed" in succeed(instance, "check", "--repair")
    with RunningServer(instance) as server:
        (document,) = server.http.get("/api/v1/documents", params={"client_id": "alpha"}).json()["documents"]
        assert document["status"] == "failed"
        assert "upload it again" in document["error"]


def test_a_corrupt_vector_database_is_made_anew(instance: Path) -> None:
    (instance / "chroma_db" / "chroma.sqlite3").write_bytes(b"rubbish" * 1000)
    assert counted(run(instance, "check").stdout) == {"unreadable vector index": 1}
    assert "made anew" in succeed(instance, "check", "--repair")
    with RunningServer(instance) as server:
        assert server.ask("alpha", "When was the bridge opened?")["sources"][0]["content"] == TEXTS["alpha"]


def test_a_corrupt_database_is_told_apart_and_left_alone(instance: Path) -> None:
    path = instance / "data" / "sessions.db"
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 12] = b"\xff" * (4096 * 11)
    path.write_bytes(content)
    found = run(instance, "check", "--repair")
    assert found.returncode == 1
    assert "faults in the database file" in found.stdout
    assert "restore a backup" in found.stdout
    assert path.read_bytes() == content


def test_a_running_server_is_looked_at_from_beside(instance: Path) -> None:
    lost = document_of(instance, "beta")
    (instance / "data" / "uploads" / lost).unlink()
    with RunningServer(instance) as server:
        with tables(instance) as database:
            database.execute("DELETE FROM chunks WHERE client_id = 'long' AND ordinal = 3")
        found = run(instance, "check", PORT=str(server.port))
        assert found.returncode == 1
        assert counted(found.stdout) == {"ready documents that lack chunks": 1}
        assert lost in found.stdout


def test_compacting_gives_the_disk_back(instance: Path) -> None:
    with RunningServer(instance) as server:
        assert "stop it first" in refused(instance, "compact", PORT=str(server.port))
        text = " ".join(f"Line {number} of a very long story." for number in range(6_000))
        server.new_client(("story.txt", text.encode()), client_id="story")
        assert server.http.delete("/api/v1/chat/collections/story").status_code == 200
        server.stop()
    told = succeed(instance, "compact")
    before, after = (float(size) for size in re.findall(r"([\d.]+) MB", told.splitlines()[0]))
    assert after < before
    with RunningServer(instance) as server:
        assert server.ask("alpha", "When was the bridge opened?")["sources"][0]["content"] == TEXTS["alpha"]
