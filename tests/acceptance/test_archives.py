"""Backup and restore of everything, export and import of one client, with real processes."""

import gzip
import io
import json
import sqlite3
import tarfile
import threading
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from command_line import refused, succeed
from leftovers import rows
from running_server import RunningServer
from waiting import wait_for

BRIDGE = "The Harbour Bridge was opened in 1932. It is painted in bridge grey."
GARDEN = "Tulips are planted in October."


def unpacked(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def packed(members: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return archive.getvalue()


def wait_for_the_index(server: RunningServer) -> None:
    """Until no client waits for its vector index to be rebuilt."""
    wait_for(lambda: server.http.get("/readyz").json()["dependencies"]["vector_store"]["status"] == "ok")


def titles_and_ratings(server: RunningServer, client_id: str) -> tuple[list[str], list[tuple[str, str]]]:
    asked = {"client_id": client_id}
    sessions = server.http.get("/api/v1/sessions", params=asked).json()["sessions"]
    feedback = server.http.get("/api/v1/feedback", params=asked).json()["feedback"]
    return [each["title"] for each in sessions], [(each["rating"], each["comment"]) for each in feedback]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a backup and an export of a server that ran: a client with a document and a conversation."""
    folder = tmp_path_factory.mktemp("exported")
    with RunningServer(folder) as server:
        port = str(server.port)
        server.new_client(("bridge.txt", BRIDGE.encode()), ("garden.txt", GARDEN.encode()), client_id="team")
        server.new_client(("other.txt", b"The lighthouse keeper is called Ole."), client_id="others")
        answer = server.ask("team", "When was the bridge opened?", session_id="talk")
        server.http.patch("/api/v1/sessions/talk", json={"title": "Bridges"})
        rating = f"/api/v1/sessions/talk/messages/{answer['message_id']}/feedback"
        server.http.put(rating, json={"rating": "up", "comment": "Just so."})
        server.ask("others", "Who keeps the lighthouse?", session_id="chat")
        succeed(folder, "backup", "all.tar.gz", PORT=port)
        succeed(folder, "export", "--client", "team", "team.tar.gz", PORT=port)
        server.stop()
    return folder


def test_a_backup_taken_under_uploads_answers_elsewhere_as_it_did_here(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    stop = threading.Event()
    with RunningServer(here) as server:
        server.new_client(("bridge.txt", BRIDGE.encode()), client_id="team")
        before = server.ask("team", "When was the bridge opened?", session_id="talk")

        def upload() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                server.upload((f"note {number}.txt", f"Note {number} is about {number}.".encode()), client_id="busy")

        uploads = [threading.Thread(target=upload) for _ in range(2)]
        for thread in uploads:
            thread.start()
        try:
            said = succeed(here, "backup", str(there / "all.tar.gz"), PORT=str(server.port))
        finally:
            stop.set()
            for thread in uploads:
                thread.join()
        assert "clients" in said
        server.stop()
    assert (there / "all.tar.gz").stat().st_mode & 0o077 == 0, "everybody's documents are nobody else's business"
    assert [path.name for path in there.iterdir()] == ["all.tar.gz"], "nothing is left beside it"
    assert not (here / "data" / ".backup").exists()
    succeed(there, "restore", "all.tar.gz")
    with RunningServer(there) as server:
        after = server.ask("team", "When was the bridge opened?", session_id="talk")
        assert after["response"] == before["response"]
        assert after["sources"] == before["sources"]
        assert after["new_session"] is False
        # The upload that was on its way when the copy was taken goes on there.
        wait_for(lambda: rows(there, "SELECT count(*) FROM jobs WHERE state <> 'done'") == [(0,)])
        wait_for_the_index(server)
        server.stop()
    assert "\n0 differences" in succeed(there, "check")


def test_former_data_is_kept_aside_and_only_when_that_was_asked_for(exported: Path, tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        server.new_client(("mine.txt", b"The tram stops at the market."), client_id="mine")
        running = refused(tmp_path, "restore", str(exported / "all.tar.gz"), PORT=str(server.port))
        assert "stop it first" in running
        server.stop()
    assert "--replace" in refused(tmp_path, "restore", str(exported / "all.tar.gz"))
    told = succeed(tmp_path, "restore", str(exported / "all.tar.gz"), "--replace")
    (aside,) = (tmp_path / "data").glob("replaced-*")
    assert aside.name in told
    with closing(sqlite3.connect(aside / "sessions.db")) as former:
        assert former.execute("SELECT client_id FROM clients").fetchall() == [("mine",)]
    assert len(list((aside / "uploads").iterdir())) == 1
    with RunningServer(tmp_path) as server:
        listed = server.http.get("/api/v1/chat/collections").json()["collections"]
        assert {each["client_id"] for each in listed} == {"team", "others"}
        assert titles_and_ratings(server, "team") == (["Bridges"], [("up", "Just so.")])
        wait_for_the_index(server)
        server.stop()
    assert "\n0 differences" in succeed(tmp_path, "check")


def test_an_archive_that_is_not_whole_changes_nothing(exported: Path, tmp_path: Path) -> None:
    whole = (exported / "all.tar.gz").read_bytes()
    members = unpacked(exported / "all.tar.gz")
    first = next(name for name in members if name.startswith("files/"))
    manifest = json.loads(members["manifest.json"])
    newer = json.dumps({**manifest, "schema": "9999"}).encode()
    link = tarfile.TarInfo(first)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    outside = {**manifest, "members": [{**manifest["members"][0], "name": "../../outside"}]}
    bad = tmp_path / "bad.tar.gz"
    cases: list[tuple[bytes, str]] = [
        (whole[: len(whole) // 2], "damaged"),
        (b"no archive at all", "damaged"),
        (gzip.compress(b"no tar" * 200), "damaged"),
        (packed({**members, first: b"x" * len(members[first])}), "is not what was written"),
        (packed({"manifest.json": newer, **{k: v for k, v in members.items() if k != "manifest.json"}}), "newer"),
        (packed({**members, first: link}), "no plain file"),
        (
            packed({"manifest.json": json.dumps(outside).encode(), "../../outside": b"x"}),
            "names files that cannot",
        ),
        (packed({"hello.txt": b"hello"}), "no archive of this program"),
        ((exported / "team.tar.gz").read_bytes(), "conversational_rag client"),
    ]
    for archive, reason in cases:
        bad.write_bytes(archive)
        assert reason in refused(tmp_path, "restore", "bad.tar.gz")
        left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
        assert left <= {"bad.tar.gz", "data/.lock"}, left
    assert not (tmp_path.parent / "outside").exists()


def test_a_client_goes_to_another_instance_with_its_conversations(exported: Path, tmp_path: Path) -> None:
    archive = str(exported / "team.tar.gz")
    told = succeed(tmp_path, "import", archive)
    assert "2 documents, 2 chunks (with their vectors), 1 sessions" in told
    with RunningServer(tmp_path) as server:
        assert server.http.get("/api/v1/sessions/list").json() == ["talk"], "nobody else's"
        assert server.http.get("/api/v1/sessions/talk/messages").json()[0]["content"] == "When was the bridge opened?"
        assert titles_and_ratings(server, "team") == (["Bridges"], [("up", "Just so.")])
        for words in ("BRIDGES", "when was", "1932"):
            assert server.http.get("/api/v1/sessions", params={"q": words}).json()["total"] == 1, words
        answer = server.ask("team", "When was the bridge opened?", session_id="talk")
        assert answer["new_session"] is False
        assert answer["sources"][0]["content"] == BRIDGE
        (garden,) = [
            each
            for each in server.http.get("/api/v1/documents", params={"client_id": "team"}).json()["documents"]
            if each["filename"] == "garden.txt"
        ]
        again = server.upload(("garden.txt", GARDEN.encode()), client_id="team").json()["documents"][0]
        assert (again["status"], again["document_id"]) == ("unchanged", garden["id"])
        server.stop()
    assert "\n0 differences" in succeed(tmp_path, "check")
    assert "already" in refused(tmp_path, "import", archive)
    twice = succeed(tmp_path, "import", archive, "--client", "twin")
    assert "session talk is another client's here" in twice
    with RunningServer(tmp_path) as server:
        assert server.ask("twin", "When are tulips planted?")["sources"][0]["content"] == GARDEN
        sessions = server.http.get("/api/v1/sessions/list", params={"client_id": "twin"}).json()
        assert any(f"as {session}" in twice for session in sessions)
        titles, ratings = titles_and_ratings(server, "twin")
        assert "Bridges" in titles
        assert ratings == [("up", "Just so.")]
        ids = [
            {each["id"] for each in server.http.get("/api/v1/documents", params={"client_id": c}).json()["documents"]}
            for c in ("team", "twin")
        ]
        assert not ids[0] & ids[1]
        server.stop()
    assert "\n0 differences" in succeed(tmp_path, "check")


def test_vectors_of_another_model_are_made_anew_from_the_text(exported: Path, tmp_path: Path) -> None:
    members = unpacked(exported / "team.tar.gz")
    manifest = json.loads(members["manifest.json"])
    other = {**manifest, "embedding_fingerprint": "another model", "dimensions": 2}
    (tmp_path / "other.tar.gz").write_bytes(packed({**members, "manifest.json": json.dumps(other).encode()}))
    assert "embedded anew" in succeed(tmp_path, "import", "other.tar.gz")
    with RunningServer(tmp_path) as server:
        assert server.ask("team", "When was the bridge opened?")["sources"][0]["content"] == BRIDGE


def test_a_client_whose_rows_do_not_fit_together_leaves_nothing(exported: Path, tmp_path: Path) -> None:
    members = unpacked(exported / "team.tar.gz")
    rows = [json.loads(line) for line in members["chunks.jsonl"].splitlines()]
    rows[-1]["document_id"] = "doc_" + "0" * 32
    members["chunks.jsonl"] = "".join(json.dumps(row) + "\n" for row in rows).encode()
    manifest = json.loads(members["manifest.json"])
    for member in manifest["members"]:
        content = members[member["name"]]
        member.update(bytes=len(content), sha256=sha256(content).hexdigest())
    (tmp_path / "bad.tar.gz").write_bytes(packed({**members, "manifest.json": json.dumps(manifest).encode()}))
    assert "do not fit together" in refused(tmp_path, "import", "bad.tar.gz")
    assert list((tmp_path / "data" / "uploads").iterdir()) == []
    assert not (tmp_path / "data" / ".import").exists()
    assert "\n0 differences" in succeed(tmp_path, "check")
    succeed(tmp_path, "import", str(exported / "team.tar.gz"))


def test_what_is_not_there_cannot_be_saved(tmp_path: Path) -> None:
    assert "no database" in refused(tmp_path, "backup", "all.tar.gz")
    assert "no database" in refused(tmp_path, "export", "--client", "team", "team.tar.gz")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []
