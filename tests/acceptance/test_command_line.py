"""The command line, beside a running server and without one."""

import signal
import subprocess
from pathlib import Path

import pytest
from command_line import command, environment, heed_ctrl_c, run, succeed
from files.makers import make_pdf
from groq_stand_in import GroqStandIn
from running_server import RunningServer
from waiting import wait_for


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "deep").mkdir(parents=True)
    (folder / "bridge.pdf").write_bytes(make_pdf(["The Harbour Bridge was opened in 1932."]))
    (folder / "deep" / "garden.txt").write_text("Tulips are planted in October.")
    (folder / "deep" / ".hidden").write_text("Not for anybody.")
    return folder


def test_folders_are_taken_in_without_a_server_and_served_later(tmp_path: Path, papers: Path) -> None:
    places = {"DATA_DIR": str(tmp_path / "data"), "VECTOR_STORE_PATH": str(tmp_path / "chroma_db")}
    first = run(tmp_path, "ingest", str(papers), "--client", "team", **places)
    assert first.returncode == 0, first.stderr
    assert "bridge.pdf" in first.stdout
    assert "garden.txt" in first.stdout
    assert ".hidden" not in first.stdout
    assert first.stdout.splitlines()[-1] == "client_id: team"
    again = run(tmp_path, "ingest", str(papers), "--client", "team", **places)
    assert "0 ready, 2 unchanged, 0 failed" in again.stdout
    with RunningServer(tmp_path) as server:
        assert server.ask("team", "When was the bridge opened?")["sources"][0]["page"] == 1


def test_a_file_that_fails_says_why_without_a_server_too(tmp_path: Path, papers: Path) -> None:
    (papers / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (papers / "blank.txt").write_bytes(b"  ")
    result = run(tmp_path, "ingest", str(papers), "--client", "team")
    assert result.returncode == 1
    assert "2 ready, 0 unchanged, 2 failed" in result.stdout
    told = {line.split()[1]: line for line in result.stdout.splitlines() if line.split()[:1] == ["failed"]}
    assert "(OCR)" in told[str(papers / "picture.png")]
    assert "only white space" in told[str(papers / "blank.txt")]


def test_files_of_one_name_in_different_folders_are_different_documents(tmp_path: Path, papers: Path) -> None:
    (papers / "garden.txt").write_text("Roses are cut in March.")
    succeed(tmp_path, "ingest", str(papers), "--client", "team")
    with RunningServer(tmp_path) as server:
        listed = server.http.get("/api/v1/documents", params={"client_id": "team"}).json()["documents"]
        assert {each["filename"] for each in listed} == {"bridge.pdf", "garden.txt", "deep - garden.txt"}
        assert server.ask("team", "When are tulips planted?")["sources"][0]["filename"] == "deep - garden.txt"


def test_files_that_would_replace_each_other_are_refused_before_any_is_sent(tmp_path: Path, papers: Path) -> None:
    (papers / "garden.txt").write_text("Roses are cut in March.")
    result = run(tmp_path, "ingest", str(papers), str(papers / "deep"), "--client", "team")
    assert result.returncode == 2
    assert "garden.txt" in result.stderr
    assert not (tmp_path / "data").exists()


def interrupt_and_repeat(folder: Path, **env: str) -> None:
    """Take 60 files in, with Ctrl-C after the first, and then all of them."""
    many = folder / "many"
    many.mkdir()
    for number in range(60):
        (many / f"note {number}.txt").write_text(f"Note {number} is about the number {number}. " * 60)
    arguments = ("ingest", str(many), "--client", "team")
    with subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "ready" in first
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130, rest + errors
    assert "Traceback" not in errors
    assert "interrupted: " in rest
    assert "the same command again goes on" in rest
    done = (first + rest).count("  ready  ")
    assert done < 60
    result = succeed(folder, *arguments, **env)
    unchanged = int(result.splitlines()[-2].split(", ")[1].split()[0])
    assert done <= unchanged <= done + 1, "the one on its way may have come to its end by itself"
    assert f"{60 - unchanged} ready, {unchanged} unchanged, 0 failed" in result


def test_an_interrupted_ingest_goes_on_where_it_was(tmp_path: Path) -> None:
    interrupt_and_repeat(tmp_path)
    with RunningServer(tmp_path) as server:
        assert server.http.get("/api/v1/chat/collections/team/stats").json()["files"] == 60


def test_an_ingest_through_a_server_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        interrupt_and_repeat(tmp_path, PORT=str(server.port))
        assert server.http.get("/api/v1/chat/collections/team/stats").json()["files"] == 60


def test_a_running_server_is_used(tmp_path: Path, papers: Path) -> None:
    (papers / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    with RunningServer(tmp_path) as server:
        places = {"DATA_DIR": str(tmp_path / "data"), "PORT": str(server.port)}
        result = run(tmp_path, "ingest", str(papers), "--client", "team", **places)
        assert result.returncode == 1, "one file failed"
        assert "picture.png" in result.stdout
        assert "(OCR)" in result.stdout
        assert "2 ready, 0 unchanged, 1 failed" in result.stdout
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


def test_documents_of_another_embedding_model_are_found_while_a_started_server_embeds_them_anew(
    tmp_path: Path, papers: Path
) -> None:
    import sqlite3

    places = {"DATA_DIR": str(tmp_path / "data"), "VECTOR_STORE_PATH": str(tmp_path / "chroma_db")}
    run(tmp_path, "ingest", str(papers), "--client", "team", **places)
    with sqlite3.connect(tmp_path / "data" / "sessions.db") as database:
        database.execute("UPDATE clients SET embedding_fingerprint = 'another model'")
    database.close()
    with RunningServer(tmp_path) as server:
        assert server.ask("team", "When was the bridge opened?")["sources"][0]["page"] == 1
        assert server.upload(("more.txt", b"The ferry leaves at nine."), client_id="team").status_code == 200
        assert server.ask("team", "When does the ferry leave?")["sources"][0]["filename"] == "more.txt"
        wait_for(lambda: "reindexed" in server.log.read_text())
        state = server.http.get("/readyz").json()["dependencies"]["embedding"]
        assert state["status"] == "ok"
        assert server.ask("team", "When was the bridge opened?")["sources"][0]["page"] == 1
    with sqlite3.connect(tmp_path / "data" / "sessions.db") as database:
        (fingerprint, former) = database.execute(
            "SELECT embedding_fingerprint, former_fingerprint FROM clients"
        ).fetchone()
    database.close()
    assert fingerprint.startswith("all-MiniLM-L6-v2@")
    assert former is None


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
