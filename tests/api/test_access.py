"""Who may do what, while keys are required: the admin, a client's manager and chatter, another client, a stranger."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from groq_stand_in import GroqStandIn
from locked_server import FACTS, Holder, LockedServer, locked
from running_server import RunningServer
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[LockedServer]:
    folder = tmp_path_factory.mktemp("locked")
    with locked(folder, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url) as whole:
        yield whole


def open_socket(house: LockedServer, client_id: str, **headers: str) -> ClientConnection:
    url = f"ws://127.0.0.1:{house.server.port}/api/v1/chat/ws/{client_id}"
    return connect(url, additional_headers=headers, open_timeout=30)


def test_a_stranger_gets_in_nowhere_but_at_health_sign_in_and_the_page(house: LockedServer) -> None:
    document = house.admin("GET", "/openapi.json").json()
    refused = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path in ("/health", "/healthz", "/readyz", "/api/v1/auth/sign-in"):
                continue
            answer = house.stranger(method.upper(), path.replace("{", "x").replace("}", "x"))
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), operation["operationId"]
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            refused += 1
    assert refused >= 30
    for path in ("/docs", "/openapi.json", "/nowhere", "/metrics"):
        assert house.stranger("GET", path).status_code == 401
    # Nothing of any client stands there (tests/api/test_page.py).
    assert house.stranger("GET", "/").status_code == 200
    assert house.stranger("GET", "/health").status_code == 200
    assert house.stranger("GET", "/readyz").status_code == 200


@pytest.mark.parametrize("wrong", ["crag_aaaaaaaaaaaa_" + "x" * 43, "crag", "ä", "Bearer", "x" * 5000])
def test_a_wrong_key_is_refused_whatever_is_wrong_with_it(house: LockedServer, wrong: str) -> None:
    for header in ({"X-API-Key": wrong}, {"Authorization": f"Bearer {wrong}"}):
        encoded = {name: value.encode() for name, value in header.items()}
        # Elsewhere, so that this address need not wait for all the wrong keys that come from it.
        encoded["X-Forwarded-For"] = b"192.0.2.1"
        answer = house.server.http.get("/api/v1/sessions/list", headers=encoded)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_the_tenant_comes_from_the_key(house: LockedServer) -> None:
    answer = house.chatter("POST", "/api/v1/chat/", json={"message": "When was the bridge opened?"})
    assert answer.status_code == 200
    assert answer.json()["client_id"] == "acme"
    assert answer.json()["sources"][0]["content"] == FACTS["acme"]


def test_the_admin_has_to_name_the_client(house: LockedServer) -> None:
    answer = house.admin("POST", "/api/v1/chat/", json={"message": "When?"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "body.client_id", "message": "Field required"}]
    assert house.admin("GET", "/api/v1/documents").status_code == 422
    assert house.admin("GET", "/api/v1/documents", params={"client_id": "beta"}).status_code == 200


def test_another_client_is_not_found_wherever_it_is_named(house: LockedServer) -> None:
    named = {"client_id": "acme"}
    for method, path, content in (
        ("POST", "/api/v1/chat/", {"json": {"message": "bridge?", **named}}),
        ("POST", "/api/v1/chat/stream", {"json": {"message": "bridge?", **named}}),
        ("POST", "/api/v1/search", {"json": {"query": "bridge?", **named}}),
        ("GET", "/api/v1/documents", {"params": named}),
        ("GET", "/api/v1/sessions/list", {"params": named}),
        ("GET", "/api/v1/sessions", {"params": named}),
        ("GET", "/api/v1/feedback", {"params": named}),
        ("GET", "/api/v1/usage", {"params": named}),
        ("GET", "/api/v1/usage/history", {"params": named}),
        ("GET", "/api/v1/chat/collections/acme/stats", {}),
        ("DELETE", "/api/v1/chat/collections/acme", {}),
        ("POST", "/api/v1/ingest/", {"files": [("files", ("a.txt", b"Mine now."))], "data": named}),
        ("POST", "/api/v1/keys", {"json": {"scope": "manage", **named}}),
    ):
        answer = house.other(method, path, **content)
        assert (answer.status_code, answer.json()["code"]) == (404, "client_not_found"), path
    assert house.manager("GET", "/api/v1/documents").json()["total"] == 1


def test_lists_show_a_client_its_own_and_the_admin_all(house: LockedServer) -> None:
    first, second = house.manager.ask("When was the bridge opened?"), house.other.ask("Which word?")
    own, others = first.json()["session_id"], second.json()["session_id"]
    assert own in house.manager("GET", "/api/v1/sessions/list").json()
    assert others not in house.manager("GET", "/api/v1/sessions/list").json()
    assert {own, others} <= set(house.admin("GET", "/api/v1/sessions/list").json())
    seen = house.manager("GET", "/api/v1/chat/collections").json()
    assert [each["client_id"] for each in seen["collections"]] == ["acme"]
    assert house.admin("GET", "/api/v1/chat/collections").json()["total"] == 2
    usage = house.manager("GET", "/api/v1/usage").json()
    assert [each["client_id"] for each in usage["clients"]] == ["acme"]
    mine, every = (holder("GET", "/api/v1/sessions/stats").json() for holder in (house.manager, house.admin))
    assert 1 <= mine["total_sessions"] < every["total_sessions"]
    assert 1 <= mine["active_chains"] < every["active_chains"]


def test_a_chat_key_asks_and_does_nothing_else(house: LockedServer) -> None:
    assert house.chatter.ask("When was the bridge opened?").status_code == 200
    assert house.chatter("POST", "/api/v1/search", json={"query": "bridge"}).status_code == 200
    for method, path in (
        ("POST", "/api/v1/ingest/"),
        ("GET", "/api/v1/documents"),
        ("GET", "/api/v1/chat/collections"),
        ("DELETE", "/api/v1/chat/collections/acme"),
        ("GET", "/api/v1/usage"),
        ("GET", "/api/v1/usage/history"),
        ("GET", "/api/v1/feedback"),
        ("GET", "/api/v1/models"),
        ("GET", "/api/v1/keys"),
        ("POST", "/api/v1/sessions/cleanup"),
        ("GET", "/metrics"),
        ("GET", "/api/v1/audit"),
    ):
        files = {"files": [("files", ("a.txt", b"Words."))]} if path.endswith("ingest/") else {}
        answer = house.chatter(method, path, **files)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path


def test_a_manager_does_not_rule_the_service(house: LockedServer) -> None:
    rules = (
        ("POST", "/api/v1/sessions/cleanup"),
        ("GET", "/metrics"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/models"),
    )
    for method, path in rules:
        assert house.manager(method, path).status_code == 403


def test_a_chat_key_sees_the_sessions_that_it_began_and_no_others(house: LockedServer) -> None:
    neighbour = house.new_key("chat", "acme")
    own = house.chatter.ask("When was the bridge opened?").json()["session_id"]
    theirs = neighbour.ask("Who opened it?").json()["session_id"]
    assert house.chatter("GET", "/api/v1/sessions/list").json().count(own) == 1
    assert theirs not in house.chatter("GET", "/api/v1/sessions/list").json()
    for method, path in (
        ("GET", f"/api/v1/sessions/{theirs}/info"),
        ("GET", f"/api/v1/sessions/{theirs}/messages"),
        ("DELETE", f"/api/v1/sessions/{theirs}"),
        ("DELETE", f"/api/v1/chat/{theirs}"),
    ):
        assert house.chatter(method, path).status_code == 404
    for use_memory in (True, False):
        answer = house.chatter.ask("What was said?", session_id=theirs, use_memory=use_memory)
        assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")
    assert {own, theirs} <= set(house.manager("GET", "/api/v1/sessions/list").json())
    assert house.manager.ask("And then?", session_id=theirs).status_code == 200
    assert house.chatter("DELETE", f"/api/v1/sessions/{own}").status_code == 200


def test_a_chat_key_finds_renames_rates_and_writes_down_what_it_began_and_nothing_else(house: LockedServer) -> None:
    neighbour = house.new_key("chat", "acme")
    began, theirs = (holder.ask("When was the bridge opened?").json() for holder in (house.chatter, neighbour))
    foreign = house.other.ask("Which word opens the vault?").json()

    def calls(answer: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
        session = f"/api/v1/sessions/{answer['session_id']}"
        feedback = f"{session}/messages/{answer['message_id']}/feedback"
        return [
            ("PATCH", session, {"json": {"title": "Mine"}}),
            ("GET", f"{session}/export", {}),
            ("PUT", feedback, {"json": {"rating": "up"}}),
            ("DELETE", feedback, {}),
        ]

    for asker, answer, status in (
        (house.stranger, began, 401),
        (house.chatter, theirs, 404),
        (house.chatter, foreign, 404),
        (house.other, theirs, 404),
        (house.chatter, began, 200),
        (house.manager, theirs, 200),
        (house.admin, foreign, 200),
    ):
        for method, path, content in calls(answer):
            assert asker(method, path, **content).status_code == status, (method, path)
    shown = house.chatter("GET", "/api/v1/sessions", params={"q": "bridge"})
    ids = {each["session_id"] for each in shown.json()["sessions"]}
    assert began["session_id"] in ids
    assert not ids & {theirs["session_id"], foreign["session_id"]}
    house.chatter("PUT", calls(began)[2][1], json={"rating": "down", "comment": "Which bridge?"})
    assert "Which bridge?" in house.manager("GET", "/api/v1/feedback").text
    assert house.other("GET", "/api/v1/feedback").json()["total"] == 0


def test_a_rotated_chat_key_keeps_its_sessions(house: LockedServer) -> None:
    former = house.new_key("chat", "acme")
    session = former.ask("When was the bridge opened?").json()["session_id"]
    assert former.key is not None
    answer = house.manager("POST", f"/api/v1/keys/{former.key.split('_')[1]}/rotate")
    renewed = Holder(house.server, answer.json()["key"], "acme")
    assert renewed("GET", f"/api/v1/sessions/{session}/info").status_code == 200
    assert former("GET", f"/api/v1/sessions/{session}/info").status_code == 200


def test_the_same_idempotency_key_of_two_callers_is_two_keys(house: LockedServer) -> None:
    neighbour = house.new_key("chat", "acme")
    same = {"headers": {"Idempotency-Key": "once"}}
    first = Holder(house.server, house.chatter.key, "acme", same["headers"]).ask("When was the bridge opened?")
    second = Holder(house.server, neighbour.key, "acme", same["headers"]).ask("When was the bridge opened?")
    assert first.status_code == second.status_code == 200
    assert first.json()["session_id"] != second.json()["session_id"]


def test_a_new_client_gets_its_key_once(house: LockedServer) -> None:
    made = house.admin.upload("new.txt", "Fresh words.").json()
    assert made["created"]
    newcomer = Holder(house.server, made["api_key"])
    again = newcomer.upload("more.txt", "More words.").json()
    assert (again["client_id"], again["created"], again["api_key"]) == (made["client_id"], False, None)
    assert newcomer("GET", "/api/v1/documents").json()["total"] == 2
    assert house.admin("DELETE", f"/api/v1/chat/collections/{made['client_id']}").status_code == 200
    assert newcomer("GET", "/api/v1/documents").status_code == 401


def test_without_sign_up_a_stranger_cannot_upload(house: LockedServer) -> None:
    assert house.stranger.upload("a.txt", "Words.").status_code == 401


def test_whoever_signs_up_gets_a_client_and_its_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    with RunningServer(tmp_path_factory.mktemp("signup"), AUTH_MODE="keys", ALLOW_SIGNUP="true") as server:
        stranger = Holder(server)
        refused = stranger.upload("a.txt", "Words.", client_id="mine")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        repeat = Holder(server, headers={"Idempotency-Key": "1"}).upload("a.txt", "Words.")
        assert repeat.status_code == 422
        made = stranger.upload("a.txt", "Tulips are planted in October.").json()
        answer = Holder(server, made["api_key"]).ask("When are tulips planted?").json()
        assert answer["client_id"] == made["client_id"]
        assert answer["sources"][0]["filename"] == "a.txt"
        assert stranger("GET", "/api/v1/sessions/list").status_code == 401


def test_a_websocket_takes_the_key_in_a_header_or_in_the_first_frame(house: LockedServer) -> None:
    with open_socket(house, "acme", Authorization=f"Bearer {house.chatter.key}") as socket:
        socket.send(json.dumps({"message": "When was the bridge opened?"}))
        assert json.loads(socket.recv(30))["type"] == "start"
    with open_socket(house, "acme") as socket:
        socket.send(json.dumps({"type": "auth", "key": house.chatter.key}))
        assert json.loads(socket.recv(30)) == {"type": "authenticated", "client_id": "acme", "scope": "chat"}
        socket.send(json.dumps({"message": "When was the bridge opened?"}))
        assert json.loads(socket.recv(30))["type"] == "start"


@pytest.mark.parametrize(
    "frame", ['{"message": "bridge?"}', '{"type": "auth", "key": "crag_x"}', "no JSON", '{"type": "auth"}']
)
def test_a_websocket_without_a_right_key_is_closed_with_a_word(house: LockedServer, frame: str) -> None:
    with open_socket(house, "acme") as socket:
        socket.send(frame)
        assert json.loads(socket.recv(30))["code"] == "unauthenticated"
        with pytest.raises(ConnectionClosed):
            socket.recv(30)
    with pytest.raises(InvalidStatus) as refused:
        open_socket(house, "acme", **{"X-API-Key": "crag_wrong", "X-Forwarded-For": "192.0.2.2"})
    assert refused.value.response.status_code == 401


def test_a_websocket_to_another_client_is_not_found(house: LockedServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_socket(house, "acme", **{"X-API-Key": str(house.other.key)})
    assert refused.value.response.status_code == 404
    with open_socket(house, "acme") as socket:
        socket.send(json.dumps({"type": "auth", "key": house.other.key}))
        assert json.loads(socket.recv(30))["code"] == "client_not_found"
    # The key is not taken from where it would be logged.
    with open_socket(house, f"acme?key={house.manager.key}") as socket:
        socket.send(json.dumps({"message": "bridge?"}))
        assert json.loads(socket.recv(30))["code"] == "unauthenticated"


def test_a_revoked_key_ends_at_once_also_on_an_open_websocket(house: LockedServer) -> None:
    short = house.new_key("chat", "acme")
    assert short.key is not None
    with open_socket(house, "acme", Authorization=f"Bearer {short.key}") as socket:
        socket.send(json.dumps({"message": "When was the bridge opened?"}))
        while json.loads(socket.recv(30))["type"] != "end":
            pass
        assert house.manager("DELETE", f"/api/v1/keys/{short.key.split('_')[1]}").status_code == 200
        socket.send(json.dumps({"message": "And where is it?"}))
        assert json.loads(socket.recv(30))["code"] == "unauthenticated"
    assert short.ask("When?").status_code == 401


def test_no_key_stands_in_the_log(house: LockedServer) -> None:
    house.stranger("GET", f"/api/v1/sessions/list?api_key={house.manager.key}")
    house.server.http.get("/nowhere", headers={"X-API-Key": f"{house.manager.key}x"})
    log = house.server.log.read_text()
    for holder in (house.manager, house.chatter, house.other):
        assert str(holder.key).split("_", 2)[2] not in log
