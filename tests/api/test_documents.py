"""/api/v1/documents"""

import hashlib
from typing import Any

import pytest
from files.makers import make_pdf, make_scan_pdf
from running_server import RunningServer

MARKDOWN = b"# Harbour\n\nThe harbour is deep.\n\n# Bridge\n\nThe bridge is grey."


@pytest.fixture(scope="module")
def client(server: RunningServer) -> str:
    return server.new_client(("harbour.pdf", make_pdf(["The harbour is deep.", "The bridge is grey."])))


def listed(server: RunningServer, client: str, **parameters: Any) -> dict[str, Any]:
    response = server.http.get("/api/v1/documents", params={"client_id": client, **parameters})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def only(server: RunningServer, client: str) -> dict[str, Any]:
    (document,) = listed(server, client)["documents"]
    found: dict[str, Any] = document
    return found


def test_a_document_shows_what_is_known_of_it(server: RunningServer, client: str) -> None:
    document = only(server, client)
    data = make_pdf(["The harbour is deep.", "The bridge is grey."])
    assert document["client_id"] == client
    assert (document["filename"], document["status"], document["kind"]) == ("harbour.pdf", "ready", "pdf")
    assert (document["bytes"], document["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert (document["pages"], document["chunks"], document["characters"]) == (2, 2, 39)
    assert (document["chunk_size"], document["chunk_overlap"]) == (1000, 200)
    assert document["verdict"]["pages_with_text"] == 2
    assert document["verdict"]["pages_without_text"] == []
    assert document["error"] is document["code"] is None
    assert server.http.get(f"/api/v1/documents/{document['id']}").json() == document


def test_documents_that_cannot_be_searched_say_why(server: RunningServer) -> None:
    client = server.new_client(
        ("a.txt", b"Text."), ("scan.pdf", make_scan_pdf()), ("bad.pdf", b"%PDF-1.7 and then nothing")
    )
    found = {document["filename"]: document for document in listed(server, client)["documents"]}
    assert {name: document["status"] for name, document in found.items()} == {
        "a.txt": "ready",
        "scan.pdf": "empty",
        "bad.pdf": "failed",
    }
    assert "OCR" in found["scan.pdf"]["error"]
    assert found["bad.pdf"]["code"] == "unreadable_file"


def test_a_document_of_which_some_pages_hold_no_text_is_partial(server: RunningServer) -> None:
    client = server.new_client(("half.pdf", make_pdf(["The first page speaks.", ""])))
    document = only(server, client)
    assert document["status"] == "partial"
    assert document["verdict"]["pages_without_text"] == [2]
    assert "1 of 2 pages" in document["error"]


def test_the_list_goes_on_where_it_ended_and_says_how_many_there_are(server: RunningServer) -> None:
    client = server.new_client(*((f"{number}.txt", b"Text number %d." % number) for number in range(5)))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = listed(server, client, limit=2, **cursor)
        assert page["total"] == 5
        seen += [document["filename"] for document in page["documents"]]
        cursor = {"cursor": page["next_cursor"]}
    assert page["next_cursor"] is None
    assert sorted(seen) == [f"{number}.txt" for number in range(5)]


def test_the_newest_document_comes_first(server: RunningServer, client: str) -> None:
    own = server.new_client(("old.txt", b"Old text."))
    server.upload(("new.txt", b"New text."), client_id=own)
    assert [document["filename"] for document in listed(server, own)["documents"]] == ["new.txt", "old.txt"]


@pytest.mark.parametrize("cursor", ["bogus", "", "WzEsIDJd", "e30=", "bnVsbA==", "W05hTiwgIngiXQ==", "\N{SNOWMAN}"])
def test_a_wrong_cursor_is_named(server: RunningServer, client: str, cursor: str) -> None:
    response = server.http.get("/api/v1/documents", params={"client_id": client, "cursor": cursor})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "query.cursor"


def test_the_list_needs_a_client_and_one_that_exists(server: RunningServer) -> None:
    nobody = server.http.get("/api/v1/documents")
    assert (nobody.status_code, nobody.json()["errors"][0]["field"]) == (422, "query.client_id")
    assert server.http.get("/api/v1/documents", params={"client_id": "not well formed"}).status_code == 422
    unknown = server.http.get("/api/v1/documents", params={"client_id": "nobody-here"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "client_not_found")


def test_the_content_is_the_text_by_page(server: RunningServer, client: str) -> None:
    document = only(server, client)
    content = server.http.get(f"/api/v1/documents/{document['id']}/content", params={"client_id": client}).json()
    assert content["pages"] == [
        {"number": 1, "place": None, "text": "The harbour is deep."},
        {"number": 2, "place": None, "text": "The bridge is grey."},
    ]
    assert (content["total"], content["filename"], content["status"]) == (2, "harbour.pdf", "ready")
    second = {"limit": 1, "offset": 1}
    part = server.http.get(f"/api/v1/documents/{document['id']}/content", params=second).json()
    assert ([page["number"] for page in part["pages"]], part["total"]) == ([2], 2)


def test_another_client_and_nobody_do_not_find_a_document(server: RunningServer, client: str) -> None:
    other = server.new_client(("x.txt", b"Something else."))
    document_id = only(server, client)["id"]
    for who in (other, "nobody-here"):
        for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
            response = server.http.request(method, f"/api/v1/documents/{document_id}{path}", params={"client_id": who})
            assert (response.status_code, response.json()["code"]) == (404, "document_not_found")
    assert listed(server, other)["total"] == 1
    for unknown in ("doc_0", "%00", "x" * 500):
        assert server.http.get(f"/api/v1/documents/{unknown}").status_code == 404
        assert server.http.delete(f"/api/v1/documents/{unknown}").status_code == 404


def test_a_deleted_document_is_gone_from_everything_and_the_receipt_counts_it(server: RunningServer) -> None:
    word = b"Archaeopteryx"
    text = b"The first bird was " + word + b"."
    client = server.new_client(("bird.txt", text), ("other.md", MARKDOWN))
    (bird,) = [each for each in listed(server, client)["documents"] if each["filename"] == "bird.txt"]
    answer = server.http.delete(f"/api/v1/documents/{bird['id']}", params={"client_id": client})
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["id"], receipt["client_id"], receipt["filename"]) == (bird["id"], client, "bird.txt")
    assert receipt["deleted"].pop("database_bytes") >= 0
    assert receipt["deleted"] == {
        "documents": 1, "pages": 1, "chunks": 1, "vectors": 1, "file_bytes": len(text), "words_erased": True,
    }  # fmt: skip
    assert receipt["leftovers"] == {"rows": 0, "vectors": 0, "files": 0}
    assert server.http.delete(f"/api/v1/documents/{bird['id']}").status_code == 404
    assert [each["filename"] for each in listed(server, client)["documents"]] == ["other.md"]
    assert server.http.get(f"/api/v1/chat/collections/{client}/stats").json()["files"] == 1
    assert all(
        word.decode() not in each["content"] for each in server.ask(client, "Which was the first bird?")["sources"]
    )
    data = [path for path in server.folder.rglob("*") if path.is_file() and path != server.log]
    assert not [path for path in data if word.lower() in path.read_bytes().lower()]


def test_a_document_can_be_deleted_and_sent_again(server: RunningServer) -> None:
    client = server.new_client(("a.txt", b"The colour is ultramarine."))
    server.http.delete(f"/api/v1/documents/{only(server, client)['id']}")
    again = server.upload(("a.txt", b"The colour is ultramarine."), client_id=client).json()
    assert (again["created"], again["documents"][0]["status"]) == (False, "ready")
    assert "ultramarine" in server.ask(client, "Which colour?")["sources"][0]["content"]
