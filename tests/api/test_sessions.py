"""/api/v1/sessions"""

import time
import uuid

import pytest
from running_server import RunningServer


@pytest.fixture(scope="module")
def client(server: RunningServer) -> str:
    return server.new_client(("moon.txt", b"The moon is 384,400 km away. It has no air."))


def test_the_info_of_a_session(server: RunningServer, client: str) -> None:
    before = time.time()
    session_id = server.ask(client, "How far is the moon?")["session_id"]
    info = server.http.get(f"/api/v1/sessions/{session_id}/info").json()
    assert info["session_id"] == session_id
    assert info["client_id"] == client
    assert info["message_count"] == 2
    assert info["title"] == "How far is the moon?"
    assert before <= info["created_at"] <= info["last_accessed"] <= time.time()
    assert info["expires_at"] == pytest.approx(info["last_accessed"] + 2_592_000, abs=1)
    assert info["is_expired"] is False


def test_the_messages_stand_in_order_with_their_sources(server: RunningServer, client: str) -> None:
    session_id = server.ask(client, "How far is the moon?")["session_id"]
    answer = server.ask(client, "Has it air?", session_id=session_id)
    messages = server.http.get(f"/api/v1/sessions/{session_id}/messages").json()
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[0]["content"] == "How far is the moon?"
    assert messages[0]["sources"] == []
    assert messages[3]["content"] == answer["response"]
    assert messages[3]["sources"] == answer["sources"]
    assert messages[3]["model"] == answer["model"]
    page = server.http.get(f"/api/v1/sessions/{session_id}/messages", params={"limit": 1, "offset": 2}).json()
    assert [message["content"] for message in page] == ["Has it air?"]


def test_the_list_is_newest_first_and_can_be_narrowed(server: RunningServer) -> None:
    client = server.new_client(("sun.txt", b"The sun is a star."))
    ids = [server.ask(client, "What is the sun?")["session_id"] for _ in range(3)]
    assert server.http.get("/api/v1/sessions/list", params={"client_id": client}).json() == ids[::-1]
    assert server.http.get("/api/v1/sessions/list").json()[:3] == ids[::-1]
    page = {"client_id": client, "limit": 1, "offset": 1}
    assert server.http.get("/api/v1/sessions/list", params=page).json() == [ids[1]]


@pytest.mark.parametrize("address", ["/api/v1/sessions/{}", "/api/v1/chat/{}"])
def test_a_deleted_session_is_gone(server: RunningServer, client: str, address: str) -> None:
    session_id = server.ask(client, "How far is the moon?")["session_id"]
    deleted = server.http.delete(address.format(session_id))
    assert deleted.status_code == 200
    receipt = deleted.json()
    assert (receipt["client_id"], receipt["messages_deleted"]) == (client, 2)
    assert receipt["deleted"].pop("database_bytes") >= 0
    assert receipt["deleted"] == {"sessions": 1, "messages": 2, "replies": 0}
    assert receipt["leftovers"] == {"rows": 0, "vectors": 0, "files": 0}
    assert server.http.delete(address.format(session_id)).status_code == 404
    assert server.http.get(f"/api/v1/sessions/{session_id}/info").status_code == 404
    fresh = server.ask(client, "And has it air?", session_id=session_id)
    assert fresh["new_session"] is True
    assert server.http.get(f"/api/v1/sessions/{session_id}/info").json()["message_count"] == 2


def test_another_client_and_nobody_do_not_find_a_session(server: RunningServer, client: str) -> None:
    other = server.new_client(("x.txt", b"Something else."))
    session_id = server.ask(client, "How far is the moon?")["session_id"]
    for who in (other, "nobody-here"):
        for method, path in (
            ("GET", f"/api/v1/sessions/{session_id}/info"),
            ("GET", f"/api/v1/sessions/{session_id}/messages"),
            ("DELETE", f"/api/v1/sessions/{session_id}"),
            ("DELETE", f"/api/v1/chat/{session_id}"),
            ("GET", f"/api/v1/sessions/{session_id}/export"),
            ("PATCH", f"/api/v1/sessions/{session_id}"),
        ):
            body = {"json": {"title": "Mine"}} if method == "PATCH" else {}
            response = server.http.request(method, path, params={"client_id": who}, **body)
            assert response.status_code == 404
            assert response.json()["code"] == "session_not_found"
        assert session_id not in server.http.get("/api/v1/sessions", params={"client_id": who}).text
    own = server.http.get(f"/api/v1/sessions/{session_id}/info", params={"client_id": client})
    assert (own.status_code, own.json()["title"]) == (200, "How far is the moon?")


def test_the_stats_and_the_cleanup(server: RunningServer, client: str) -> None:
    server.ask(client, "How far is the moon?")
    stats = server.http.get("/api/v1/sessions/stats").json()
    assert set(stats) == {
        "active_chains", "total_sessions", "active_sessions", "total_messages", "database_size_mb",
        "avg_messages_per_session",
    }  # fmt: skip
    assert stats["active_sessions"] >= 1
    assert stats["total_messages"] >= 2
    assert stats["database_size_mb"] > 0
    assert 1 <= stats["active_chains"] <= 100
    cleanup = server.http.post("/api/v1/sessions/cleanup").json()
    assert cleanup["removed"] == 0
    assert set(cleanup["current_stats"]) == set(stats)


def test_unknown_sessions_are_not_found(server: RunningServer) -> None:
    for session_id in (str(uuid.uuid4()), "x" * 500, "%00", "a%20b"):
        assert server.http.get(f"/api/v1/sessions/{session_id}/info").status_code == 404
        assert server.http.delete(f"/api/v1/sessions/{session_id}").status_code == 404


def test_the_answer_names_its_message(server: RunningServer, client: str) -> None:
    first = server.ask(client, "How far is the moon?")
    second = server.ask(client, "Has it air?", session_id=first["session_id"])
    again = server.ask(client, "How far is the moon?")
    assert again["cached"] is True
    for answer in (first, second, again):
        messages = server.http.get(f"/api/v1/sessions/{answer['session_id']}/messages").json()
        (found,) = [message for message in messages if message["id"] == answer["message_id"]]
        assert (found["role"], found["content"], found["feedback"]) == ("assistant", answer["response"], None)
    assert server.ask(client, "How far is the moon?", use_memory=False)["message_id"] is None


def test_sessions_are_found_by_what_was_said_in_them(server: RunningServer) -> None:
    client = server.new_client(("sun.txt", "Über der Sonne ist nichts; 100% of it_is hot.".encode()))
    first = server.ask(client, "What is ÜBER the sun?")
    second = server.ask(client, "How\nhot is it?")
    mine = {"client_id": client}
    found = server.http.get("/api/v1/sessions", params=mine).json()
    assert found["total"] == 2
    newest, oldest = found["sessions"]
    assert set(newest) == {
        "session_id", "client_id", "title", "message_count", "created_at", "last_accessed", "expires_at",
    }  # fmt: skip
    assert (newest["session_id"], newest["title"]) == (second["session_id"], "How hot is it?")
    assert (oldest["session_id"], oldest["client_id"]) == (first["session_id"], client)
    info = server.http.get(f"/api/v1/sessions/{first['session_id']}/info").json()
    assert {name: info[name] for name in oldest} == oldest
    assert info["title"] == "What is ÜBER the sun?"
    for q, shown in (("üBER THE", [oldest]), ("hot is", [newest]), ("%%", []), ("zanzibar", [])):
        answer = server.http.get("/api/v1/sessions", params={**mine, "q": q}).json()
        assert answer == {"sessions": shown, "total": len(shown)}, q
    page = server.http.get("/api/v1/sessions", params={**mine, "limit": 1, "offset": 1}).json()
    assert page == {"sessions": [oldest], "total": 2}
    for wrong in ({"q": ""}, {"q": "x" * 201}, {"limit": 0}, {"offset": -1}):
        assert server.http.get("/api/v1/sessions", params=wrong).status_code == 422


def test_a_session_is_renamed_and_gets_its_own_title_back(server: RunningServer, client: str) -> None:
    session_id = server.ask(client, "How far is the moon?")["session_id"]
    address = f"/api/v1/sessions/{session_id}"
    renamed = server.http.patch(address, json={"title": "  Mond & Sterne \U0001f319 "})
    assert renamed.status_code == 200
    assert renamed.json()["title"] == "Mond & Sterne \U0001f319"
    listed = server.http.get("/api/v1/sessions", params={"client_id": client, "q": "MOND &"}).json()
    assert listed == {"sessions": [renamed.json()], "total": 1}
    assert server.ask(client, "Has it air?", session_id=session_id)["new_session"] is False
    assert server.http.get(f"{address}/info").json()["title"] == "Mond & Sterne \U0001f319"
    for wrong in ({}, {"title": ""}, {"title": "  "}, {"title": "x" * 201}, {"title": "a\nb"}, {"title": 5}):
        assert server.http.patch(address, json=wrong).status_code == 422, wrong
    for broken in ("a\u2028b", "a\tb", "a\x00b", "a\x85b"):
        assert server.http.patch(address, json={"title": broken}).status_code == 422, broken
    assert server.http.patch(address, json={"title": "x" * 200}).json()["title"] == "x" * 200
    assert server.http.patch(address, json={"title": None}).json()["title"] == "How far is the moon?"
    assert server.http.patch(f"/api/v1/sessions/{uuid.uuid4()}", json={"title": "Mine"}).status_code == 404


def test_a_session_is_written_down_as_a_file(server: RunningServer, client: str) -> None:
    answer = server.ask(client, "How far\n# is the moon?")
    address = f"/api/v1/sessions/{answer['session_id']}"
    server.http.patch(address, json={"title": "Über/den Mond"})
    written = server.http.get(f"{address}/export")
    assert written.headers["content-type"] == "text/markdown; charset=utf-8"
    disposition = written.headers["content-disposition"]
    assert disposition == ("attachment; filename=\"conversation.md\"; filename*=UTF-8''%C3%9Cber-den%20Mond.md")
    assert written.headers["x-content-type-options"] == "nosniff"
    lines = written.text.splitlines()
    assert lines[0] == "# Über/den Mond"
    assert [line for line in lines if line.startswith("## ")] == ["## Question", "## Answer"]
    assert "> # is the moon?" in lines
    assert "1. `moon.txt`" in lines
    assert any(line.startswith("> ") and "384,400" in line for line in lines)
