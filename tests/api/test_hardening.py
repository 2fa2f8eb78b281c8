"""What a hostile page, a curious stranger or a careless caller gets from the service: nothing."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from locked_server import Holder, LockedServer, locked
from running_server import ROOT, RunningServer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

PAGE = "https://www.example.org"
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
UPLOAD = {"files": [("files", ("a.txt", b"Words."))]}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    """It has a name and a page elsewhere that is allowed."""
    folder = tmp_path_factory.mktemp("hardened")
    with locked(folder, ALLOWED_HOSTS="rag.example.org", ALLOWED_ORIGINS=PAGE, LOG_LEVEL="DEBUG") as whole:
        yield whole


def test_a_name_that_was_made_to_lead_here_reads_and_changes_nothing(server: RunningServer) -> None:
    for method, path in (("GET", "/api/v1/chat/collections"), ("POST", "/api/v1/ingest/"), ("GET", "/docs")):
        answer = server.http.request(method, path, headers={"Host": f"evil.example:{server.port}"})
        assert (answer.status_code, answer.json()["code"]) == (400, "host_refused")
        assert "ALLOWED_HOSTS" in answer.json()["detail"]
    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert server.http.get("/health", headers={"Host": f"{name}:{server.port}"}).status_code == 200
    with pytest.raises(InvalidStatus) as refused:
        connect_as(server, "evil.example")
    assert refused.value.response.status_code == 400


def connect_as(server: RunningServer, host: str) -> None:
    """Open a WebSocket to the server under another name."""
    with (
        socket.create_connection(("127.0.0.1", server.port)) as connection,
        connect(f"ws://{host}:{server.port}/api/v1/chat/ws/acme", sock=connection),
    ):
        pass


def test_a_name_that_was_given_is_known_and_those_of_this_machine_stay(house: LockedServer) -> None:
    for name, status in (("rag.example.org", 200), ("localhost", 200), ("evil.example", 400)):
        assert house.server.http.get("/health", headers={"Host": name}).status_code == status


def test_a_page_of_another_site_changes_nothing(server: RunningServer) -> None:
    client_id = server.new_client(("a.txt", b"Words."))
    for attempt in (
        server.http.post("/api/v1/ingest/", **UPLOAD, headers=EVIL),
        server.http.delete(f"/api/v1/chat/collections/{client_id}", headers=EVIL),
        server.http.post("/api/v1/sessions/cleanup", headers={"Sec-Fetch-Site": "cross-site"}),
        server.http.post("/api/v1/sessions/cleanup", headers={"Origin": "null"}),
    ):
        assert (attempt.status_code, attempt.json()["code"]) == (403, "origin_refused")
        assert "Access-Control-Allow-Origin" not in attempt.headers
    assert server.http.get(f"/api/v1/chat/collections/{client_id}/stats").status_code == 200
    own = server.http.post("/api/v1/ingest/", **UPLOAD, headers={"Origin": server.url, "Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 200
    url = f"ws://127.0.0.1:{server.port}/api/v1/chat/ws/{client_id}"
    with pytest.raises(InvalidStatus) as refused, connect(url, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    with connect(url, origin=server.url):
        pass


def test_a_page_of_another_site_is_told_nothing_either(server: RunningServer) -> None:
    read = server.http.get("/api/v1/chat/collections", headers=EVIL)
    assert not [name for name in read.headers if name.lower().startswith("access-control")]
    preflight = server.http.options("/api/v1/ingest/", headers={**EVIL, "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.lower().startswith("access-control")]


@pytest.fixture
def browser(house: LockedServer) -> Holder:
    """A browser in which the manager has signed in."""
    signed_in = house.server.http.post("/api/v1/auth/sign-in", json={"key": house.manager.key})
    token = signed_in.cookies["crag_session"]
    house.server.http.cookies.clear()
    return Holder(house.server, headers={"Cookie": f"crag_session={token}"})


def test_whoever_has_signed_in_is_not_made_to_act_by_another_page(house: LockedServer, browser: Holder) -> None:
    forged = Holder(house.server, headers={**browser.headers, **EVIL})
    answer = forged("DELETE", "/api/v1/chat/collections/acme")
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")
    sign_in = house.server.http.post("/api/v1/auth/sign-in", json={"key": house.manager.key}, headers=EVIL)
    assert sign_in.status_code == 403, "nor signed in as somebody else"
    own = Holder(house.server, headers={**browser.headers, "Origin": house.server.url})
    assert own("POST", "/api/v1/keys", json={"scope": "chat"}).status_code == 201
    keyed = Holder(house.server, house.manager.key, headers=EVIL)
    assert keyed("POST", "/api/v1/keys", json={"scope": "chat"}).status_code == 201, "who has the key may be anywhere"


def test_a_page_that_is_allowed_may_ask_with_the_cookie_and_read_the_answer(
    house: LockedServer, browser: Holder
) -> None:
    preflight = house.server.http.options(
        "/api/v1/chat/",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-api-key",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == PAGE
    assert preflight.headers["Access-Control-Allow-Credentials"] == "true"
    for method in ("PUT", "PATCH", "DELETE"):
        asked = {"Origin": PAGE, "Access-Control-Request-Method": method}
        assert house.server.http.options("/api/v1/sessions/any", headers=asked).status_code == 200
    answer = Holder(house.server, headers={**browser.headers, "Origin": PAGE}).ask("When was the bridge opened?")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert {"X-Request-ID", "Retry-After", "RateLimit"} <= set(exposed.split(", "))
    other = house.server.http.options("/api/v1/chat/", headers={**EVIL, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in other.headers
    refused = house.server.http.get("/api/v1/documents", headers={"Origin": PAGE})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, PAGE)


def test_whoever_comes_over_the_network_finds_nobody_at_home(server: RunningServer) -> None:
    for path in ("/", "/health", "/healthz", "/docs", "/api/v1/chat/collections"):
        answer = server.http.get(path, headers={"X-Forwarded-For": "203.0.113.5"})
        assert (answer.status_code, answer.json()["code"]) == (403, "open_to_nobody")
        assert "AUTH_MODE=keys" in answer.json()["detail"]


def test_every_answer_trusts_nothing_and_tells_nothing_of_the_server(server: RunningServer) -> None:
    for method, path in (
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("GET", "/docs"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("PUT", "/health"),
        ("POST", "/api/v1/chat/"),
    ):
        headers = server.http.request(method, path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        for telling in ("Server", "X-Powered-By", "Via", "Strict-Transport-Security"):
            assert telling not in headers
    encrypted = server.http.get("/health", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" in encrypted.headers


def test_the_reference_is_one_page_without_scripts_or_other_servers(server: RunningServer) -> None:
    answer = server.http.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.text
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!/openapi\.json\")", page)
    assert "://" not in page
    document = server.http.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"<h3>{method.upper()} {path}</h3>" in page
            assert f'id="{operation["operationId"]}"' in page
    for field in ("session_id?", "files", "chunk_overlap?", "Idempotency-Key?"):
        assert f"<td>{field}</td>" in page
    assert server.http.get("/redoc").status_code == 404


def test_where_things_lie_on_the_disk_the_admin_alone_is_told(house: LockedServer) -> None:
    assert house.stranger("GET", "/health").json()["database_path"] == "sessions.db"
    assert house.manager("GET", "/health").json()["database_path"] == "sessions.db"
    assert house.admin("GET", "/health").json()["database_path"].endswith("/data/sessions.db")
    told = [
        house.stranger("GET", "/health").text,
        house.stranger("GET", "/readyz").text,
        house.admin("GET", "/openapi.json").text,
        house.admin("GET", "/metrics").text,
        house.manager("GET", "/api/v1/documents/..%2f..%2fetc").text,
        house.manager("POST", "/api/v1/chat/", content=b"{").text,
        house.manager("POST", "/api/v1/ingest/", content=b"x", params={"x": "\x00"}).text,
    ]
    for text in told:
        for place in (str(ROOT), str(house.server.folder), "site-packages", "/usr/lib"):
            assert place not in text
    assert "python_info" not in told[3]
    assert "process_" not in told[3]


def test_a_key_in_the_query_string_is_no_key_and_is_not_written_down(house: LockedServer) -> None:
    key = str(house.manager.key)
    for name in ("key", "api_key", "access_token", "X-API-Key", "token"):
        assert house.stranger("GET", "/api/v1/documents", params={name: key}).status_code == 401
    with connect(f"ws://127.0.0.1:{house.server.port}/api/v1/chat/ws/acme?token=opaque-word") as socket:
        socket.send(json.dumps({"message": "bridge?"}))
        assert json.loads(socket.recv(30))["code"] == "unauthenticated"
    log = house.server.log.read_text()
    assert "/api/v1/documents" in log
    assert key not in log
    assert "opaque-word" not in log


def test_no_key_ever_stands_in_the_log(house: LockedServer, browser: Holder) -> None:
    made = house.new_key("chat", "acme")
    made.ask("When was the bridge opened?")
    house.server.http.get("/api/v1/documents", headers={"X-API-Key": str(made.key), "X-Request-ID": str(made.key)})
    house.stranger("GET", f"/api/v1/keys/{made.key}")
    house.stranger("POST", "/api/v1/auth/sign-in", json={"key": f"{made.key}x"})
    browser("GET", "/api/v1/auth/me")
    # The first admin key is shown once, outside of the log.
    log = [line for line in house.server.log.read_text().splitlines() if line.startswith("{")]
    assert len(log) > 10
    for secret in (made.key, house.admin.key, browser.headers["Cookie"].partition("=")[2]):
        assert secret is not None
        assert not [line for line in log if secret.split("_", 2)[-1] in line]
    assert [line for line in log if "crag_" in line and "_***" in line]


def test_a_start_that_would_open_everything_to_the_network_is_refused(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "open", HOST="0.0.0.0").start(wait=False)
    assert server._process is not None
    assert server._process.wait(60) == 1
    lines = server.log.read_text().splitlines()
    assert len(lines) == 1
    assert "HOST=0.0.0.0" in lines[0]
    assert "AUTH_MODE=keys" in lines[0]
    assert "ALLOW_OPEN=true" in lines[0]
