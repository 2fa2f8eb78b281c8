"""POST /api/v1/ingest/"""

import http.client
import json
import re

from files.makers import encrypt_pdf, make_docx, make_pdf, make_scan_pdf
from running_server import RunningServer

HANDBOOK = b"The notice period is four weeks. Holidays are thirty days a year."


def test_a_new_client_is_made_with_a_collection_of_its_own(server: RunningServer) -> None:
    answer = server.upload(("handbook.txt", HANDBOOK)).json()
    client_id = answer["client_id"]
    assert re.fullmatch(r"client_[0-9a-f]{16}", client_id)
    assert answer["created"] is True
    assert answer["documents_processed"] == 1
    assert answer["chunks_created"] == 1
    assert answer["message"] == f"Documents ingested successfully for client {client_id}"
    (document,) = answer["documents"]
    assert document["filename"] == "handbook.txt"
    assert document["status"] == "ready"
    assert document["pages"] is None
    assert document["chunks"] == 1
    stats = server.http.get(f"/api/v1/chat/collections/{client_id}/stats").json()
    assert stats["collection_name"] == f"docs_{client_id}"
    assert (stats["document_count"], stats["files"], stats["exists"]) == (1, 1, True)


def test_a_named_client_is_made_once_and_then_added_to(server: RunningServer) -> None:
    first = server.upload(("a.txt", b"Alpha is first."), client_id="acme-Team_1").json()
    second = server.upload(("b.txt", b"Beta is second."), client_id="acme-Team_1").json()
    assert (first["created"], second["created"]) == (True, False)
    assert first["client_id"] == second["client_id"] == "acme-Team_1"
    assert server.http.get("/api/v1/chat/collections/acme-Team_1/stats").json()["files"] == 2


def test_every_kind_of_the_contract_is_read(server: RunningServer) -> None:
    answer = server.upload(
        ("a.pdf", make_pdf(["Page one speaks of apples.", "Page two speaks of pears."])),
        ("b.docx", make_docx(["A paragraph about plums."], table=[["fruit", "price"], ["quince", "7 euro"]])),
        ("c.md", b"# Fruit\n\nA heading and text about **cherries**."),
        ("d.txt", "Über Äpfel und Birnen.".encode("latin-1")),
    ).json()
    assert [document["status"] for document in answer["documents"]] == ["ready"] * 4, answer
    assert answer["documents"][0]["pages"] == 2
    assert answer["documents_processed"] == 4


def test_a_bad_file_among_good_ones_is_named_and_the_good_ones_are_stored(server: RunningServer) -> None:
    response = server.upload(("good.txt", HANDBOOK), ("bad.pdf", b"%PDF-1.7 and then nothing"))
    assert response.status_code == 200
    good, bad = response.json()["documents"]
    assert good["status"] == "ready"
    assert bad["status"] == "failed"
    assert bad["document_id"].startswith("doc_")
    assert bad["error"]
    assert response.json()["documents_processed"] == 1


def test_an_upload_of_which_nothing_can_be_stored_is_refused_and_makes_no_client(server: RunningServer) -> None:
    response = server.upload(("bad.pdf", b"%PDF-1.7 and then nothing"), client_id="never-made")
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "unreadable_file"
    assert problem["documents"][0]["status"] == "failed"
    assert server.http.get("/api/v1/chat/collections/never-made/stats").status_code == 404


def test_a_scan_is_empty_and_says_that_text_recognition_is_needed(server: RunningServer) -> None:
    alone = server.upload(("scan.pdf", make_scan_pdf()))
    assert alone.status_code == 422
    assert alone.json()["documents"][0]["status"] == "empty"
    assert "OCR" in alone.json()["detail"]
    among = server.upload(("scan.pdf", make_scan_pdf()), ("good.txt", HANDBOOK)).json()
    assert [document["status"] for document in among["documents"]] == ["empty", "ready"]
    assert among["documents_processed"] == 1


def test_a_kind_that_is_not_read_is_415(server: RunningServer) -> None:
    response = server.upload(("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(64)))
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_file"


def test_a_file_that_is_too_large_is_413(server: RunningServer) -> None:
    response = server.upload(("big.txt", b"word " * (6 * 1024 * 1024)))
    assert response.status_code == 413
    assert response.json()["code"] == "file_too_large"
    assert "MAX_FILE_MB" in response.json()["detail"]


def test_a_request_that_is_too_large_is_413(server: RunningServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/api/v1/ingest/")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(200 * 1024 * 1024))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert json.load(response)["code"] == "request_too_large"
    connection.close()


def test_an_encrypted_file_says_so_unless_it_opens_without_a_password(server: RunningServer) -> None:
    pdf = make_pdf(["The vault code is 4711."])
    refused = server.upload(("locked.pdf", encrypt_pdf(pdf, "secret")))
    assert refused.status_code == 422
    assert refused.json()["code"] == "encrypted_file"
    assert server.upload(("open.pdf", encrypt_pdf(pdf, ""))).json()["documents"][0]["status"] == "ready"


def test_the_same_bytes_again_change_nothing(server: RunningServer) -> None:
    client_id = server.new_client(("handbook.txt", HANDBOOK))
    again = server.upload(("copy.txt", HANDBOOK), client_id=client_id).json()
    assert again["documents"][0]["status"] == "unchanged"
    assert again["chunks_created"] == 0
    assert server.http.get(f"/api/v1/chat/collections/{client_id}/stats").json()["files"] == 1


def test_the_same_bytes_split_otherwise_replace_the_former_chunks(server: RunningServer) -> None:
    text = b" ".join(b"Sentence number %d is here." % number for number in range(100))
    client_id = server.new_client(("long.txt", text))
    again = server.upload(("long.txt", text), client_id=client_id, chunk_size="300", chunk_overlap="0").json()
    assert again["documents"][0]["status"] == "ready"
    stats = server.http.get(f"/api/v1/chat/collections/{client_id}/stats").json()
    assert (stats["files"], stats["document_count"]) == (1, again["chunks_created"])


def test_a_new_version_replaces_the_old_one(server: RunningServer) -> None:
    client_id = server.new_client(("price.txt", b"The price of the widget is 10 euro."))
    server.upload(("price.txt", b"The price of the widget is 99 euro."), client_id=client_id)
    assert server.http.get(f"/api/v1/chat/collections/{client_id}/stats").json()["files"] == 1
    contents = [source["content"] for source in server.ask(client_id, "What is the price of the widget?")["sources"]]
    assert contents == ["The price of the widget is 99 euro."]


def test_two_different_files_of_one_name_in_one_upload_do_not_replace_each_other(server: RunningServer) -> None:
    first, second = server.upload(("a.txt", b"One thing."), ("a.txt", b"Another thing.")).json()["documents"]
    assert (first["status"], second["status"]) == ("ready", "failed")
    assert "same upload" in second["error"]


def test_the_kind_is_decided_by_content(server: RunningServer) -> None:
    (document,) = server.upload(("really_a_pdf.txt", make_pdf(["A page in disguise."]))).json()["documents"]
    assert (document["status"], document["pages"]) == ("ready", 1)
