"""Bad input of every field: a 4xx problem document that says what to do, and the server lives."""

import json
from typing import Any

import httpx2
import pytest
from files.makers import make_docx, make_pdf
from running_server import RunningServer


@pytest.fixture(scope="module")
def client(server: RunningServer) -> str:
    return server.new_client(("a.txt", b"Alpha is the first letter."))


def assert_problem(response: httpx2.Response, *statuses: int) -> dict[str, Any]:
    assert response.status_code in statuses, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert problem["type"].endswith(problem["code"])
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in response.text
    assert "/conversational_rag/" not in response.text
    return problem


BODIES: list[Any] = [
    {},
    [],
    None,
    "text",
    {"message": "Hello?"},
    {"client_id": "CLIENT"},
    {"client_id": "CLIENT", "message": ""},
    {"client_id": "CLIENT", "message": " \n\t "},
    {"client_id": "CLIENT", "message": 7},
    {"client_id": "CLIENT", "message": None},
    {"client_id": "CLIENT", "message": ["Hello?"]},
    {"client_id": "CLIENT", "message": "nul \x00 byte"},
    {"client_id": "CLIENT", "message": "escape \x1b[31m"},
    {"client_id": "CLIENT", "message": "x" * 9000},
    {"client_id": "a", "message": "Hello?"},
    {"client_id": "x" * 65, "message": "Hello?"},
    {"client_id": "../../etc", "message": "Hello?"},
    {"client_id": "CLIENT\n", "message": "Hello?"},
    {"client_id": 12345, "message": "Hello?"},
    {"client_id": "CLIENT", "message": "Hello?", "session_id": ""},
    {"client_id": "CLIENT", "message": "Hello?", "session_id": "x" * 129},
    {"client_id": "CLIENT", "message": "Hello?", "session_id": "two words"},
    {"client_id": "CLIENT", "message": "Hello?", "session_id": 5},
    {"client_id": "CLIENT", "message": "Hello?", "use_memory": "maybe"},
    {"client_id": "CLIENT", "message": "Hello?", "use_memory": 1},
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: json.dumps(body)[:60])
@pytest.mark.parametrize("path", ["/api/v1/chat/", "/api/v1/chat/stream"])
def test_a_wrong_question_names_its_fields(server: RunningServer, client: str, path: str, body: Any) -> None:
    sent = json.loads(json.dumps(body).replace("CLIENT", client))
    problem = assert_problem(server.http.post(path, json=sent), 422)
    assert problem["code"] == "invalid_request"
    assert problem["errors"]
    assert all(error["field"] and error["message"] for error in problem["errors"])


@pytest.mark.parametrize(
    "raw", [b"{", b"\xff\xfe", b'{"client_id": "abc", "message": "\\ud800"}', b"[" * 100_000], ids=range(4)
)
def test_a_body_that_is_no_good_json_is_refused(server: RunningServer, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert_problem(server.http.post("/api/v1/chat/", content=raw, headers=headers), 422)


def test_a_message_of_two_megabytes_is_refused(server: RunningServer, client: str) -> None:
    body = {"client_id": client, "message": "x" * 2_000_000}
    assert assert_problem(server.http.post("/api/v1/chat/", json=body), 413)["code"] == "request_too_large"
    chunked = server.http.post("/api/v1/chat/", content=iter([json.dumps(body).encode()]))
    assert_problem(chunked, 413)


FORMS = [
    {"chunk_size": "0"},
    {"chunk_size": "-5"},
    {"chunk_size": "many"},
    {"chunk_size": "1e3"},
    {"chunk_size": "999999999999999999999999"},
    {"chunk_size": "500", "chunk_overlap": "500"},
    {"chunk_size": "500", "chunk_overlap": "900"},
    {"chunk_overlap": "-1"},
    {"client_id": "a"},
    {"client_id": "white space"},
    {"client_id": "../../etc/passwd"},
    {"client_id": "nul\x00"},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_wrong_upload_form_names_its_fields(server: RunningServer, form: dict[str, str]) -> None:
    problem = assert_problem(server.upload(("a.txt", b"Text."), **form), 422)
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["field"].startswith("body.")


def test_an_upload_without_files_is_refused(server: RunningServer) -> None:
    assert_problem(server.http.post("/api/v1/ingest/", data={"client_id": "abc"}), 422)
    assert_problem(server.http.post("/api/v1/ingest/", files={"files": ("", b"")}), 422)
    assert_problem(server.http.post("/api/v1/ingest/", data={"files": "not a file"}), 422)
    assert_problem(server.http.post("/api/v1/ingest/", json={"files": []}), 422)
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert_problem(server.http.post("/api/v1/ingest/", content=b"--y\r\nnonsense", headers=broken), 400, 422)


FILES = {
    "nothing": (("a.txt", b""), 422, "empty_file"),
    "white space": (("a.txt", b" \n\t\r\n "), 422, "empty_file"),
    "no pdf": (("a.pdf", b"%PDF-1.4\ngarbage"), 422, "unreadable_file"),
    "cut pdf": (("a.pdf", make_pdf(["A page."])[:200]), 422, "unreadable_file"),
    "cut docx": (("a.docx", make_docx(["Text."])[:300]), 422, "unreadable_file"),
    "binary as text": (("a.txt", bytes(range(256)) * 40), 415, "unsupported_file"),
    "picture as pdf": (("a.pdf", b"\x89PNG\r\n\x1a\n" + bytes(99)), 415, "unsupported_file"),
    "program": (("a.exe", b"MZ" + bytes(200)), 415, "unsupported_file"),
    "folder in the name": (("../../etc/passwd.txt", b"Text."), 422, "bad_input"),
    "windows folder": (("..\\..\\boot.txt", b"Text."), 422, "bad_input"),
    "long name": (("x" * 300 + ".txt", b"Text."), 422, "bad_input"),
}


@pytest.mark.parametrize("case", FILES, ids=str)
def test_a_bad_file_is_refused_with_its_reason(server: RunningServer, case: str) -> None:
    file, status, code = FILES[case]
    problem = assert_problem(server.upload(file, client_id="bad-files-only"), status)
    assert problem["code"] == code
    assert problem["documents"][0]["error"]
    assert server.http.get("/api/v1/chat/collections/bad-files-only/stats").status_code == 404


def test_control_characters_in_a_file_name_are_refused(server: RunningServer) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a\x07b\xff.txt"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = server.http.post("/api/v1/ingest/", content=head + b"Text.\r\n--x--\r\n", headers=headers)
    problem = assert_problem(response, 422)
    assert "control characters" in problem["detail"]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "ten"}, {"offset": "-1"}, {"limit": "99999999"}, {"client_id": "!"}], ids=str
)
def test_a_wrong_query_names_its_field(server: RunningServer, query: dict[str, str]) -> None:
    problem = assert_problem(server.http.get("/api/v1/sessions/list", params=query), 422)
    assert problem["errors"][0]["field"].startswith("query.")


def test_unknown_addresses_and_methods_are_problems_too(server: RunningServer) -> None:
    assert assert_problem(server.http.get("/api/v2/chat"), 404)["code"] == "not_found"
    wrong_method = server.http.put("/api/v1/chat/", json={})
    assert assert_problem(wrong_method, 405)["code"] == "method_not_allowed"
    assert "POST" in wrong_method.headers["Allow"]


def test_file_names_in_every_script_are_kept(server: RunningServer) -> None:
    names = ["Übersicht Größe.txt", "گزارش سالانه.txt", "年度报告.txt", "عقد.txt", "a'b;c.txt", "emoji 🚀.txt"]
    answer = server.upload(*((name, f"Text of file {number}.".encode()) for number, name in enumerate(names))).json()
    assert [document["filename"] for document in answer["documents"]] == names
    assert [document["status"] for document in answer["documents"]] == ["ready"] * len(names)
    sources = server.ask(answer["client_id"], "What is the text of file 2?")["sources"]
    assert {source["filename"] for source in sources} <= set(names)
