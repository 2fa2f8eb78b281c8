"""/api/v1/chat/collections"""

import time

from files.makers import make_pdf
from running_server import RunningServer


def test_the_list_counts_chunks_and_files_of_each_client(server: RunningServer) -> None:
    client_id = server.new_client(("a.pdf", make_pdf(["One page.", "Another page."])), ("b.txt", b"Text."))
    answer = server.http.get("/api/v1/chat/collections").json()
    assert answer["total"] == len(answer["collections"])
    (own,) = [each for each in answer["collections"] if each["client_id"] == client_id]
    assert own == {"client_id": client_id, "document_count": 3, "files": 2}


def test_the_stats_tell_when_documents_changed(server: RunningServer) -> None:
    before = time.time()
    client_id = server.new_client(("a.txt", b"Text."))
    stats = server.http.get(f"/api/v1/chat/collections/{client_id}/stats").json()
    assert set(stats) == {"client_id", "collection_name", "exists", "document_count", "files", "last_modified"}
    assert before <= stats["last_modified"] <= time.time()


def test_unknown_and_impossible_clients_are_not_found(server: RunningServer) -> None:
    for client_id in ("nobody-here", "a", "x" * 65, "semi;colon", "%00", "..%2F..%2Fetc"):
        for response in (
            server.http.get(f"/api/v1/chat/collections/{client_id}/stats"),
            server.http.delete(f"/api/v1/chat/collections/{client_id}"),
        ):
            assert response.status_code == 404, client_id
            assert response.headers["content-type"] == "application/problem+json"


def test_a_deleted_client_is_gone_from_everything(server: RunningServer) -> None:
    word = b"Quetzalcoatlus"
    client_id = server.new_client(("dino.txt", b"The largest flyer was " + word + b" northropi."))
    question = {"client_id": client_id, "message": "What was the largest flyer?"}
    kept = server.http.post("/api/v1/chat/", json=question, headers={"Idempotency-Key": "flyer"})
    session_id = kept.json()["session_id"]
    answer = server.http.delete(f"/api/v1/chat/collections/{client_id}")
    assert answer.status_code == 200
    deleted = answer.json()["deleted"]
    assert deleted.pop("database_bytes") >= 0
    assert deleted == {
        "files": 1, "pages": 1, "chunks": 1, "vectors": 1, "jobs": 1, "sessions": 1, "messages": 2, "replies": 1,
        "file_bytes": 47, "words_erased": True,
    }  # fmt: skip
    assert answer.json()["leftovers"] == {"rows": 0, "vectors": 0, "files": 0}
    assert server.http.get(f"/api/v1/chat/collections/{client_id}/stats").status_code == 404
    assert server.http.delete(f"/api/v1/chat/collections/{client_id}").status_code == 404
    assert server.http.get(f"/api/v1/sessions/{session_id}/info").status_code == 404
    chat = server.http.post("/api/v1/chat/", json={"client_id": client_id, "message": "Flyer?"})
    assert chat.status_code == 404
    files = [path for path in server.folder.rglob("*") if path.is_file() and path != server.log]
    assert not [path for path in files if word.lower() in path.read_bytes().lower()]


def test_a_client_can_be_made_again_after_its_deletion(server: RunningServer) -> None:
    server.upload(("a.txt", b"The old truth is red."), client_id="phoenix")
    server.http.delete("/api/v1/chat/collections/phoenix")
    assert server.upload(("a.txt", b"The new truth is blue."), client_id="phoenix").json()["created"] is True
    sources = server.ask("phoenix", "What is the truth?")["sources"]
    assert [source["content"] for source in sources] == ["The new truth is blue."]


def test_client_ids_that_chroma_would_refuse_work_too(server: RunningServer) -> None:
    for client_id in ("ends-with-dash-", "ends_with_underscore_", "___", "A-b"):
        server.upload(("a.txt", b"The colour is ultramarine."), client_id=client_id)
        assert "ultramarine" in server.ask(client_id, "Which colour?")["sources"][0]["content"]
        assert server.http.delete(f"/api/v1/chat/collections/{client_id}").status_code == 200
