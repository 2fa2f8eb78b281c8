"""Whatever happens to the service, an upload that it acknowledged becomes searchable, or its owner knows why not."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from files.makers import make_pdf
from kill_rounds import KillRounds
from leftovers import orphans, rows, vectors
from running_server import ROOT, RunningServer
from waiting import wait_for

KILLS, SEED = 4, 1932
CLAUSES = "Clause {0} regulates item {0} and what follows from it. "
LONG = [CLAUSES.format(page) * 30 for page in range(1, 301)]
WORDS = [f"Page {page} speaks of zeta{page - 1}. " + CLAUSES.format(page) * 12 for page in range(1, 151)]


def test_uploads_outlive_kills_at_random_moments(tmp_path: Path) -> None:
    """`benchmarks/uploads_killed.py` does thirty of these rounds."""
    with RunningServer(tmp_path) as server:
        rounds = KillRounds(server, SEED, longest_seconds=2.0)
        for _ in range(KILLS):
            sys.stdout.write(rounds.run() + "\n")
        server.stop()
        assert orphans(tmp_path) == {}
        assert rounds.taken_up > 0, "no kill came while an upload was on its way"
        checked = command(tmp_path, "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.timeout(300)
def test_50_uploads_at_once_of_20_files_each_are_counted_exactly(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda number: upload_20(server, number), range(50)))
        assert [answer.status_code for answer in answers] == [200] * 50
        assert sum(answer.json()["documents_processed"] for answer in answers) == 1000
        chunks = sum(answer.json()["chunks_created"] for answer in answers)
        for client in range(10):
            stats = server.http.get(f"/api/v1/chat/collections/client-{client}/stats").json()
            assert (stats["files"], stats["document_count"]) == (100, 200)
        word = "zeta37x11"
        assert word in server.ask("client-7", f"What is {word}?")["sources"][0]["content"]
        server.stop()
        assert orphans(tmp_path) == {}
        assert rows(tmp_path, "SELECT count(*) FROM chunks") == [(chunks,)] == [(2000,)]
        assert len(vectors(tmp_path)) == 2000


def test_a_stop_in_the_middle_of_a_large_file_takes_seconds_and_the_start_goes_on(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        job = begin_large(server)
        wait_for(lambda: progress(server, job) > 0)
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 10
        assert rows(tmp_path, "SELECT state, attempts FROM jobs") == [("queued", 0)]
        assert rows(tmp_path, "SELECT attempts FROM documents") == [(0,)]
        server.start()
        wait_for(lambda: state(server, job) == "ready", 120)
        assert 124 in pages_about(server, "zeta123")
        server.stop()
        assert orphans(tmp_path) == {}


def test_a_caller_who_waits_for_a_large_file_does_not_hold_up_a_stop(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.upload, ("large.pdf", make_pdf(LONG)), client_id="acme")
        wait_for(lambda: rows(tmp_path, "SELECT status FROM documents WHERE status = 'embedding'"))
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 20
        assert waiting.result().status_code == 503
        assert waiting.result().json()["job_id"]
        server.start()
        wait_for(lambda: rows(tmp_path, "SELECT status FROM documents") == [("ready",)], 120)


def test_a_disconnected_client_does_not_stop_its_upload(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        files = {"files": ("large.pdf", make_pdf(WORDS))}
        with httpx2.Client(base_url=server.url, timeout=0.5) as impatient, pytest.raises(httpx2.ReadTimeout):
            impatient.post("/api/v1/ingest/", files=files, data={"client_id": "acme"})
        wait_for(lambda: [row[0] for row in rows(tmp_path, "SELECT status FROM documents")] == ["ready"], 120)
        assert 124 in pages_about(server, "zeta123")


def test_the_upload_of_a_large_file_is_cancelled_in_the_middle(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        server.new_client(("kept.txt", b"The kept word is omega."), client_id="acme")
        job = begin_large(server)
        wait_for(lambda: progress(server, job) > 0)
        assert server.http.delete(f"/api/v1/ingest/jobs/{job}").status_code in (200, 202, 204)
        assert state(server, job) == "failed"
        assert "omega" in server.ask("acme", "What is the kept word?")["sources"][0]["content"]
        server.stop()
        assert orphans(tmp_path) == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MB; a test that cannot have one fails rather than passing for nothing."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_is_named_and_loses_nothing(tmp_path: Path, small_disk: Path) -> None:
    with RunningServer(tmp_path, **on(small_disk), MIN_FREE_DISK_MB="0") as server:
        server.new_client(("first.txt", b"The first word is alpha."), client_id="acme")
        fill(small_disk)
        refused = server.upload(("second.txt", b"The second word is beta. " * 40_000), client_id="acme")
        assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
        states = server.http.get("/readyz").json()["dependencies"]
        assert states["uploads"]["status"] == "down"
        assert "no room left" in states["uploads"]["detail"]
        assert server.http.get("/health").status_code == 200
        (small_disk / "filler").unlink()
        assert server.upload(("second.txt", b"The second word is beta."), client_id="acme").status_code == 200
        for word in ("alpha", "beta"):
            assert word in server.ask("acme", f"Which word is {word}?")["sources"][0]["content"]
        wait_for(lambda: rows(small_disk, "SELECT count(*) FROM jobs WHERE state <> 'done'") == [(0,)])
        server.stop()
        assert orphans(small_disk) == {}


def test_a_disk_that_fills_up_under_an_upload_puts_it_off_until_there_is_room(tmp_path: Path, small_disk: Path) -> None:
    with RunningServer(tmp_path, **on(small_disk), MIN_FREE_DISK_MB="0") as server:
        job = begin_large(server)
        fill(small_disk)
        wait_for(lambda: "StorageFull" in server.log.read_text(), 90)
        assert server.http.get("/health").status_code == 200
        (small_disk / "filler").unlink()
        wait_for(lambda: state(server, job) == "ready", 120)
        assert 124 in pages_about(server, "zeta123")
        server.stop()
        assert orphans(small_disk) == {}


def test_too_little_free_space_refuses_uploads_before_they_do_damage(tmp_path: Path) -> None:
    with RunningServer(tmp_path, MIN_FREE_DISK_MB=str(10**9)) as server:
        refused = server.upload(("a.txt", b"Words."))
        assert refused.status_code == 507
        assert "MIN_FREE_DISK_MB" in refused.json()["detail"]
        assert "MIN_FREE_DISK_MB" in server.http.get("/readyz").json()["dependencies"]["uploads"]["detail"]
        assert rows(tmp_path, "SELECT count(*) FROM clients") == [(0,)]
        assert list((tmp_path / "data" / "uploads").iterdir()) == []


def test_a_read_only_disk_is_named(tmp_path: Path, small_disk: Path) -> None:
    with RunningServer(tmp_path, **on(small_disk), MIN_FREE_DISK_MB="0") as server:
        server.new_client(("first.txt", b"The first word is alpha."), client_id="acme")
        server.stop()
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        refused = subprocess.run(
            [sys.executable, "-m", "conversational_rag"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PORT": "0", **on(small_disk)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert refused.returncode != 0
        assert "DATA_DIR" in refused.stderr
        assert "Traceback" not in refused.stderr
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        server.start()
        assert "alpha" in server.ask("acme", "What is the first word?")["sources"][0]["content"]


def test_a_database_that_is_no_database_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sessions.db").write_bytes(b"this is no database" * 1000)
    refused = command(tmp_path)
    assert refused.returncode != 0
    assert "SESSION_DB_PATH" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("damage", ["rubbish", "no segments", "cut off"])
def test_a_damaged_index_is_restored_from_the_database_by_reindex(tmp_path: Path, damage: str) -> None:
    with RunningServer(tmp_path) as server:
        for number in range(3):
            text = "\n\n".join(f"Part {part} of zeta{number} stands here. " * 20 for part in range(12))
            server.new_client((f"zeta{number}.txt", text.encode()), client_id=f"client-{number}")
        server.stop()
        spoil(tmp_path / "chroma_db", damage)
        again = command(tmp_path, "reindex")
        assert again.returncode == 0, again.stdout + again.stderr
        assert orphans(tmp_path) == {}
        server.start()
        for number in range(3):
            assert f"zeta{number}" in server.ask(f"client-{number}", "What is it about?")["sources"][0]["content"]
        assert server.http.get("/readyz").json()["dependencies"]["vector_store"]["status"] == "ok"
        assert "index_stale" not in server.log.read_text()


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line on the folder of a stopped server."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PORT": "0"}
    env |= {"DATA_DIR": str(folder / "data"), "VECTOR_STORE_PATH": str(folder / "chroma_db")}
    line = [sys.executable, "-m", "conversational_rag", *arguments]
    return subprocess.run(line, cwd=folder, env=env, capture_output=True, text=True, timeout=120)


def upload_20(server: RunningServer, number: int) -> httpx2.Response:
    """Twenty files of two paragraphs, which are a chunk each."""
    files = []
    for part in range(20):
        text = f"The word zeta{number}x{part} stands here. {'It is a word. ' * 8}\n\n{'Others follow it. ' * 8}"
        files.append(("files", (f"{number}-{part}.txt", text.encode())))
    form = {"client_id": f"client-{number % 10}", "chunk_size": "200", "chunk_overlap": "0"}
    with httpx2.Client(base_url=server.url, timeout=280) as http:
        return http.post("/api/v1/ingest/", files=files, data=form)


def begin_large(server: RunningServer) -> str:
    """A background upload of a file that takes a while; its job."""
    files = {"files": ("large.pdf", make_pdf(WORDS))}
    begun = server.http.post("/api/v1/ingest/?background=true", files=files, data={"client_id": "acme"})
    assert begun.status_code == 202, begun.text
    return str(begun.json()["job_id"])


def pages_about(server: RunningServer, word: str) -> list[int]:
    return [source["page"] for source in server.ask("acme", f"Which page speaks of {word}?")["sources"]]


def state(server: RunningServer, job_id: str) -> str:
    return str(server.http.get(f"/api/v1/ingest/jobs/{job_id}").json()["state"])


def progress(server: RunningServer, job_id: str) -> int:
    return int(server.http.get(f"/api/v1/ingest/jobs/{job_id}").json()["chunks_done"])


def on(disk: Path) -> dict[str, str]:
    return {"DATA_DIR": str(disk / "data"), "VECTOR_STORE_PATH": str(disk / "chroma_db")}


def fill(disk: Path) -> None:
    """Take all the space there is."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                continue


def spoil(path: Path, damage: str) -> None:
    if damage == "rubbish":
        (path / "chroma.sqlite3").write_bytes(b"this is no database" * 1000)
    elif damage == "cut off":
        content = (path / "chroma.sqlite3").read_bytes()
        (path / "chroma.sqlite3").write_bytes(content[: len(content) // 2])
    else:
        for segment in path.glob("*-*-*"):
            shutil.rmtree(segment)
