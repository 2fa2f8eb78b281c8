"""The command line, beside a running server and without one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from files.makers import make_pdf
from groq_stand_in import GroqStandIn
from running_server import ROOT, RunningServer


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "deep").mkdir(parents=True)
    (folder / "bridge.pdf").write_bytes(make_pdf(["The Harbour Bridge was opened in 1932."]))
    (folder / "deep" / "garden.txt").write_text("Tulips are planted in October.")
    (folder / "deep" / ".hidden").write_text("Not for anybody.")
    return folder


def run(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "conversational_rag", *arguments],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_folders_are_taken_in_without_a_server_and_served_later(tmp_path: Path, papers: Path) -> None:
    places = {"DATA_DIR": str(tmp_path / "data"), "VECTOR_STORE_PATH": str(tmp_path / "chroma_db")}
    first = run(tmp_path, "ingest", str(papers), "--client", "team", **places)
    assert first.returncode == 0, first.stderr
    assert "bridge.pdf" in first.stdout
    assert "garden.txt" in first.stdout
    assert ".hidden" not in first.stdout
    assert first.stdout.splitlines()[-1] == "client_id: team"
    again = run(tmp_path, "ingest", str(papers), "--client", "team", **places)
    assert again.stdout.count("unchanged") == 2
    with RunningServer(tmp_path) as server:
        assert server.ask("team", "When was the bridge opened?")["sources"][0]["page"] == 1


def test_a_running_server_is_used(tmp_path: Path, papers: Path) -> None:
    (papers / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    with RunningServer(tmp_path) as server:
        places = {"DATA_DIR": str(tmp_path / "data"), "PORT": str(server.port)}
        result = run(tmp_path, "ingest", str(papers), "--client", "team", **places)
        assert result.returncode == 1, "one file failed"
        assert "picture.png" in result.stdout
        assert "upload that" in result.stdout
        assert server.http.get("/api/v1/chat/collections/team/stats").json()["files"] == 2
        check = run(tmp_path, "check", **places)
        assert check.returncode == 0, check.stderr
        assert f"running at 127.0.0.1:{server.port}" in check.stdout
        refused = run(tmp_path, "reindex", **places)
        assert refused.returncode == 1
        assert "stop it first" in refused.stderr
        elsewhere = run(tmp_path, "check", DATA_DIR=str(tmp_path / "data"), PORT="9")
        assert elsewhere.returncode == 1
        assert "HOST and PORT" in elsewhere.stderr
        assert "Traceback" not in elsewhere.stderr


def test_check_says_what_is_configured_reachable_and_missing(tmp_path: Path, groq: GroqStandIn) -> None:
    without = run(tmp_path, "check")
    assert without.returncode == 0, without.stderr
    assert "GROQ_API_KEY is not set" in without.stdout
    with_key = run(tmp_path, "check", GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url)
    assert "language_model   ok" in with_key.stdout, with_key.stdout
    nowhere = run(tmp_path, "check", GROQ_API_KEY="gsk_test", GROQ_API_BASE="http://127.0.0.1:9")
    assert nowhere.returncode == 0
    assert "language_model   ok" not in nowhere.stdout


def test_reindex_makes_the_vectors_and_the_index_anew(tmp_path: Path, papers: Path) -> None:
    places = {"DATA_DIR": str(tmp_path / "data"), "VECTOR_STORE_PATH": str(tmp_path / "chroma_db")}
    run(tmp_path, "ingest", str(papers), "--client", "team", **places)
    (tmp_path / "chroma_db" / "chroma.sqlite3").write_bytes(b"rubbish" * 1000)
    result = run(tmp_path, "reindex", **places)
    assert result.returncode == 0, result.stderr
    assert "team: 2 chunks" in result.stdout
    with RunningServer(tmp_path) as server:
        assert server.ask("team", "When was the bridge opened?")["sources"][0]["page"] == 1
        assert "index_stale" not in server.log.read_text()


def test_documents_of_another_embedding_model_are_refused_until_they_are_reindexed(
    tmp_path: Path, papers: Path
) -> None:
    import sqlite3

    places = {"DATA_DIR": str(tmp_path / "data"), "VECTOR_STORE_PATH": str(tmp_path / "chroma_db")}
    run(tmp_path, "ingest", str(papers), "--client", "team", **places)
    with sqlite3.connect(tmp_path / "data" / "sessions.db") as database:
        database.execute("UPDATE clients SET embedding_fingerprint = 'another model'")
    database.close()
    with RunningServer(tmp_path) as server:
        asked = server.http.post("/api/v1/chat/", json={"client_id": "team", "message": "When?"})
        added = server.upload(("more.txt", b"More."), client_id="team")
        for response in (asked, added):
            assert response.status_code == 409
            assert response.json()["code"] == "embedding_model_changed"
            assert "reindex" in response.json()["detail"]
    assert run(tmp_path, "reindex", **places).returncode == 0
    with RunningServer(tmp_path) as server:
        assert server.ask("team", "When was the bridge opened?")["sources"][0]["page"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest", "no-such-file"],
        ["ingest", ".", "--client", "a b"],
        ["ingest", ".", "--chunk-size", "100", "--chunk-overlap", "100"],
        ["dance"],
    ],
)
def test_wrong_arguments_are_explained(tmp_path: Path, arguments: list[str]) -> None:
    result = run(tmp_path, *arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "Usage" in result.stderr
