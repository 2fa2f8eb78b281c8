"""Keys that stand in web pages: many strangers have one, and none of them is another."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sse_reader
from locked_server import Holder, LockedServer, locked
from websockets.sync.client import connect

SITE = "https://www.example.org"
API_PAGE = "https://app.example.org"
QUESTION = "When was the bridge opened?"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    with locked(tmp_path_factory.mktemp("widgets"), ALLOWED_ORIGINS=API_PAGE) as whole:
        yield whole


@pytest.fixture(scope="module")
def visitor(house: LockedServer) -> Holder:
    """Somebody on the site; whoever else is there has the same key."""
    return house.new_key("chat", "acme", origins=[SITE])


def key_id(holder: Holder) -> str:
    return str(holder.key).split("_")[1]


def stream(holder: Holder, **body: Any) -> tuple[int, list[tuple[str, dict[str, Any]]]]:
    headers = {"Authorization": f"Bearer {holder.key}"}
    with holder.server.http.stream("POST", "/api/v1/chat/stream", json=body, headers=headers) as response:
        return response.status_code, list(sse_reader.events(response.iter_lines()))


def test_a_key_is_made_for_the_pages_of_some_origins(house: LockedServer) -> None:
    made = house.manager("POST", "/api/v1/keys", json={"scope": "chat", "origins": [f"{SITE}:443", "http://LOCALHOST"]})
    assert made.status_code == 201
    assert made.json()["origins"] == [SITE, "http://localhost"]
    rotated = house.manager("POST", f"/api/v1/keys/{made.json()['id']}/rotate").json()
    assert rotated["origins"] == rotated["former"]["origins"] == made.json()["origins"]
    listed = {key["id"]: key["origins"] for key in house.manager("GET", "/api/v1/keys").json()["keys"]}
    assert listed[made.json()["id"]] == made.json()["origins"]
    assert listed[key_id(house.chatter)] == []


@pytest.mark.parametrize(
    "body",
    [
        {"scope": "manage", "origins": [SITE]},
        {"scope": "chat", "origins": ["www.example.org"]},
        {"scope": "chat", "origins": [f"{SITE}/"]},
        {"scope": "chat", "origins": ["*"]},
        {"scope": "chat", "origins": [f"{SITE}; script-src *"]},
        {"scope": "chat", "origins": [f"{SITE}\r\nX: y"]},
        {"scope": "chat", "origins": [f"https://{number}.example" for number in range(21)]},
        {"scope": "chat", "origins": SITE},
    ],
)
def test_what_is_no_such_key_is_not_made(house: LockedServer, body: dict[str, Any]) -> None:
    assert house.manager("POST", "/api/v1/keys", json=body).status_code == 422


def test_a_visitor_asks_and_finds_his_own_session_by_its_id_alone(house: LockedServer, visitor: Holder) -> None:
    answer = visitor.ask(QUESTION)
    assert answer.status_code == 200
    assert "1932" in answer.json()["response"]
    session_id = answer.json()["session_id"]
    assert uuid.UUID(session_id).version == 4, "nobody guesses it"
    assert visitor.ask("And in which month?", session_id=session_id).json()["new_session"] is False
    assert len(visitor("GET", f"/api/v1/sessions/{session_id}/messages").json()) == 4
    assert visitor("GET", "/api/v1/sessions/list").json() == []
    for found in ({}, {"q": "bridge"}, {"client_id": "acme"}):
        assert visitor("GET", "/api/v1/sessions", params=found).json() == {"sessions": [], "total": 0}
    assert session_id in house.manager("GET", "/api/v1/sessions/list").json()
    assert house.chatter("GET", f"/api/v1/sessions/{session_id}/info").status_code == 404
    assert visitor("DELETE", f"/api/v1/sessions/{session_id}").status_code == 200


def test_a_visitor_sees_no_session_of_another_key(house: LockedServer, visitor: Holder) -> None:
    for holder in (house.chatter, house.manager, house.new_key("chat", "acme", origins=[SITE])):
        session_id = holder.ask(QUESTION).json()["session_id"]
        for attempt in (
            visitor("GET", f"/api/v1/sessions/{session_id}/messages"),
            visitor.ask(QUESTION, session_id=session_id),
            visitor("DELETE", f"/api/v1/sessions/{session_id}"),
        ):
            assert (attempt.status_code, attempt.json()["code"]) == (404, "session_not_found")


def test_a_successor_of_the_key_goes_on_with_the_session(house: LockedServer) -> None:
    former = house.new_key("chat", "acme", origins=[SITE])
    session_id = former.ask(QUESTION).json()["session_id"]
    rotated = house.manager("POST", f"/api/v1/keys/{key_id(former)}/rotate").json()
    successor = Holder(house.server, rotated["key"], "acme")
    assert successor.ask(QUESTION, session_id=session_id).json()["new_session"] is False
    assert successor("GET", "/api/v1/sessions/list").json() == []


@pytest.mark.parametrize("use_memory", [True, False])
def test_no_visitor_begins_a_session_under_a_name_that_another_may_choose(
    house: LockedServer, visitor: Holder, use_memory: bool
) -> None:
    named = {"session_id": "my-session", "use_memory": use_memory}
    once = {"Idempotency-Key": str(uuid.uuid4())}
    for refused in (
        visitor.ask(QUESTION, **named),
        Holder(house.server, visitor.key, "acme", once).ask(QUESTION, **named),
    ):
        assert (refused.status_code, refused.json()["code"]) == (404, "session_not_found")
        assert "leave session_id out" in refused.json()["detail"]
    assert stream(visitor, message=QUESTION, **named)[0] == 404
    with connect(f"ws://127.0.0.1:{house.server.port}/api/v1/chat/ws/acme") as socket:
        socket.send(json.dumps({"type": "auth", "key": visitor.key}))
        assert json.loads(socket.recv(30))["type"] == "authenticated"
        socket.send(json.dumps({"message": QUESTION, **named}))
        assert json.loads(socket.recv(30))["code"] == "session_not_found"
        socket.send(json.dumps({"message": QUESTION}))
        assert json.loads(socket.recv(30))["type"] == "start", "the connection stays open"
    assert house.manager("GET", "/api/v1/sessions/my-session/info").status_code == 404
    assert house.chatter.ask(QUESTION, session_id=f"kept-{use_memory}").json()["new_session"] is True, (
        "a secret key may"
    )


def test_a_question_sent_twice_is_answered_once_and_begins_one_session(house: LockedServer, visitor: Holder) -> None:
    twice = Holder(house.server, visitor.key, "acme", {"Idempotency-Key": str(uuid.uuid4())})
    first, second = twice.ask(QUESTION), twice.ask(QUESTION)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["new_session"] is True
    info = visitor("GET", f"/api/v1/sessions/{first.json()['session_id']}/info")
    assert info.json()["message_count"] == 2, info.text


@pytest.mark.parametrize(
    "guessable",
    ["1", "question-number-1-of-this-visitor", str(uuid.uuid5(uuid.NAMESPACE_URL, SITE)), str(uuid.UUID(int=0))],
)
def test_nobody_is_given_the_session_of_another_by_guessing_what_he_sent(
    house: LockedServer, visitor: Holder, guessable: str
) -> None:
    named = {"Idempotency-Key": guessable}
    refused = Holder(house.server, visitor.key, "acme", named).ask(QUESTION)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert "random UUID" in refused.text
    assert Holder(house.server, house.chatter.key, "acme", named).ask(QUESTION).status_code == 200, "a secret key may"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/documents", 403),
        ("GET", "/api/v1/keys", 403),
        ("GET", "/api/v1/usage", 403),
        ("GET", "/api/v1/sessions/stats", 403),
        ("GET", "/api/v1/chat/collections", 403),
        ("DELETE", "/api/v1/chat/collections/acme", 403),
        ("GET", "/api/v1/audit", 403),
        ("GET", "/api/v1/sessions/list?client_id=beta", 404),
        ("GET", "/api/v1/auth/me", 200),
    ],
)
def test_a_visitor_does_no_more_than_chat(visitor: Holder, method: str, path: str, status: int) -> None:
    assert visitor(method, path).status_code == status


def test_the_key_is_of_no_use_to_pages_of_other_sites(house: LockedServer, visitor: Holder) -> None:
    def sent_by(origin: str) -> Holder:
        return Holder(house.server, visitor.key, "acme", {"Origin": origin})

    for origin in (SITE, house.server.url):
        assert sent_by(origin).ask(QUESTION).status_code == 200
    for origin in ("https://evil.example", API_PAGE, "null"):
        for refused in (sent_by(origin).ask(QUESTION), sent_by(origin)("GET", "/api/v1/auth/me")):
            assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused")
            assert "`origins`" in refused.json()["detail"]
    assert Holder(house.server, house.chatter.key, "acme", {"Origin": API_PAGE}).ask(QUESTION).status_code == 200


def test_nor_in_the_first_frame_of_a_websocket(house: LockedServer, visitor: Holder) -> None:
    address = f"ws://127.0.0.1:{house.server.port}/api/v1/chat/ws/acme"
    for origin, told in ((API_PAGE, "error"), (house.server.url, "authenticated")):
        with connect(address, origin=origin) as socket:
            socket.send(json.dumps({"type": "auth", "key": visitor.key}))
            frame = json.loads(socket.recv(30))
            assert frame["type"] == told
            assert frame.get("code") in (None, "origin_refused")


def test_the_widget_is_shown_in_frames_of_the_keys_sites_alone(house: LockedServer) -> None:
    holder = house.new_key("chat", "acme", origins=[SITE, "http://localhost:3000"])
    answer = house.stranger("GET", f"/widget/{key_id(holder)}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert f"; frame-ancestors {SITE} http://localhost:3000; " in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert str(holder.key) not in answer.text
    again = house.server.http.get(f"/widget/{key_id(holder)}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Content-Security-Policy"]) == (304, policy)
    assert "X-Frame-Options" not in again.headers
    assert house.stranger("HEAD", f"/widget/{key_id(holder)}").status_code == 200


def test_without_a_live_key_for_pages_there_is_no_widget(house: LockedServer) -> None:
    revoked = house.new_key("chat", "acme", origins=[SITE])
    house.manager("DELETE", f"/api/v1/keys/{key_id(revoked)}")
    for name in (key_id(revoked), key_id(house.chatter), key_id(house.admin), "nokeyatall00", "x" * 300, "a%20b"):
        answer = house.stranger("GET", f"/widget/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_without_keys_nobody_frames_what_would_act_for_the_admin(keyless: Any) -> None:
    client_id = keyless.new_client(("a.txt", b"Tulips are planted in October."))
    body = {"scope": "chat", "client_id": client_id, "origins": [SITE]}
    made = keyless.http.post("/api/v1/keys", json=body).json()
    answer = keyless.http.get(f"/widget/{made['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")
    assert "AUTH_MODE=keys" in answer.json()["detail"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_visitors_are_counted_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    with locked(tmp_path_factory.mktemp("counted"), REQUESTS_PER_MINUTE="5") as house:
        visitor = house.new_key("chat", "acme", origins=[SITE])
        statuses = [visitor("GET", "/api/v1/auth/me").status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        elsewhere = Holder(house.server, visitor.key, "acme", {"X-Forwarded-For": "203.0.113.5"})
        assert elsewhere("GET", "/api/v1/auth/me").status_code == 200
