"""/api/v1/audit, and `audit export` beside the server and without it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import run, succeed
from locked_server import Holder, LockedServer, locked
from running_server import RunningServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Entries = list[dict[str, Any]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    with locked(tmp_path_factory.mktemp("audited")) as whole:
        yield whole


def audit(house: LockedServer, **filters: Any) -> Entries:
    answer = house.admin("GET", "/api/v1/audit", params={"limit": 1000, **filters})
    assert answer.status_code == 200, answer.text
    entries: Entries = answer.json()["entries"]
    return entries


def since(house: LockedServer, last: int) -> Entries:
    """What came after that entry, the oldest first."""
    return [entry for entry in reversed(audit(house)) if entry["id"] > last]


def last_id(house: LockedServer) -> int:
    newest: int = audit(house, limit=1)[0]["id"]
    return newest


def key_id(holder: Holder) -> str:
    assert holder.key is not None
    return holder.key.split("_")[1]


def command_line(house: LockedServer) -> dict[str, str]:
    folder = house.server.folder
    return {
        "DATA_DIR": str(folder / "data"),
        "VECTOR_STORE_PATH": str(folder / "chroma_db"),
        "PORT": str(house.server.port),
        "AUTH_MODE": "keys",
    }


def lines(text: str) -> Entries:
    return [json.loads(line) for line in text.splitlines()]


def test_changes_tell_who_did_what_to_what_from_where(house: LockedServer) -> None:
    before = last_id(house)
    uploaded = house.manager.upload("diary.txt", "Nobody should read this.")
    document_id = uploaded.json()["documents"][0]["document_id"]
    job_id = uploaded.headers["Location"].rpartition("/")[2]
    deleted = house.manager("DELETE", f"/api/v1/documents/{document_id}")
    new = house.manager("POST", "/api/v1/keys", json={"scope": "chat"}).json()
    house.manager("DELETE", f"/api/v1/keys/{new['id']}")
    entries = since(house, before)
    actor = key_id(house.manager)
    assert [(each["actor"], each["scope"], each["client_id"], each["action"], each["object"]) for each in entries] == [
        (actor, "manage", "acme", "ingest", job_id),
        (actor, "manage", "acme", "delete_document", document_id),
        (actor, "manage", "acme", "create_key", new["id"]),
        (actor, "manage", "acme", "revoke_key", new["id"]),
    ]
    assert [(each["outcome"], each["status"]) for each in entries] == [("done", s) for s in (200, 200, 201, 200)]
    assert {each["address"] for each in entries} == {"127.0.0.1"}
    assert entries[1]["request_id"] == deleted.headers["X-Request-ID"]
    times = [each["timestamp"] for each in entries]
    assert times == sorted(times)


def test_questions_and_looking_are_not_written_down(house: LockedServer) -> None:
    before = last_id(house)
    session_id = house.chatter.ask("When was the bridge opened?").json()["session_id"]
    house.chatter("POST", "/api/v1/search", json={"query": "bridge"})
    house.chatter("GET", f"/api/v1/sessions/{session_id}/messages")
    house.manager("GET", "/api/v1/documents/doc_none")
    assert since(house, before) == []
    house.chatter("DELETE", f"/api/v1/sessions/{session_id}")
    assert [(each["action"], each["object"]) for each in since(house, before)] == [("delete_session", session_id)]


def test_refusals_are_written_down(house: LockedServer) -> None:
    before = last_id(house)
    away = {"X-Forwarded-For": "192.0.2.9"}
    Holder(house.server, headers=away)("GET", "/api/v1/documents")
    Holder(house.server, "crag_wrong", headers=away)("POST", "/api/v1/chat/", json={"message": "?"})
    house.chatter.upload("a.txt", "Words.")
    house.other("DELETE", "/api/v1/chat/collections/acme")
    house.manager("GET", "/api/v1/audit")
    entries = since(house, before)
    assert [(each["actor"], each["action"], each["status"]) for each in entries] == [
        ("nobody", "list_documents", 401),
        ("nobody", "chat", 401),
        (key_id(house.chatter), "ingest", 403),
        (key_id(house.other), "delete_collection", 404),
        (key_id(house.manager), "audit", 403),
    ]
    assert {each["outcome"] for each in entries} == {"refused"}
    assert [each["address"] for each in entries[:2]] == ["192.0.2.9"] * 2
    assert entries[3]["client_id"] == "beta", "whose key it was, not whom it named"


def test_what_was_wrong_with_a_change_is_a_failure_not_a_refusal(house: LockedServer) -> None:
    before = last_id(house)
    house.manager("POST", "/api/v1/keys", json={"scope": "king"})
    assert [(each["action"], each["outcome"], each["status"]) for each in since(house, before)] == [
        ("create_key", "failed", 422)
    ]


def test_signing_in_tells_the_key_and_failing_to_tells_the_address(house: LockedServer) -> None:
    before = last_id(house)
    house.stranger("POST", "/api/v1/auth/sign-in", json={"key": house.manager.key})
    house.server.http.cookies.clear()
    house.stranger("POST", "/api/v1/auth/sign-in", json={"key": "crag_wrong"})
    assert [(each["actor"], each["action"], each["outcome"]) for each in since(house, before)] == [
        (key_id(house.manager), "sign_in", "done"),
        ("nobody", "sign_in", "refused"),
    ]


def test_a_websocket_with_a_wrong_first_frame_is_a_refusal(house: LockedServer) -> None:
    before = last_id(house)
    with connect(f"ws://127.0.0.1:{house.server.port}/api/v1/chat/ws/acme") as socket:
        socket.send('{"type": "auth", "key": "crag_wrong"}')
        assert json.loads(socket.recv(30))["type"] == "error"
        with pytest.raises(ConnectionClosed):
            socket.recv(30)
    assert [(each["actor"], each["action"], each["client_id"], each["status"]) for each in since(house, before)] == [
        ("nobody", "chat_websocket", "acme", 401)
    ]


def test_neither_texts_nor_names_of_files_nor_keys_stand_in_it(house: LockedServer) -> None:
    house.manager.upload("love-letter.txt", "My dearest Esmeralda.")
    house.manager.ask("Who is Esmeralda?")
    house.stranger("DELETE", f"/api/v1/keys/{house.admin.key}")
    whole = house.admin("GET", "/api/v1/audit/export").text
    for secret in ("love-letter", "Esmeralda", str(house.admin.key).split("_", 2)[2], str(house.manager.key)):
        assert secret not in whole
    assert f'"crag_{key_id(house.admin)}_***"' in whole


def test_only_the_admin_sees_it(house: LockedServer) -> None:
    for path in ("/api/v1/audit", "/api/v1/audit/export"):
        assert house.manager("GET", path).status_code == 403
        assert house.chatter("GET", path).status_code == 403
        assert house.stranger("GET", path).status_code == 401
        assert house.admin("GET", path).status_code == 200


def test_it_is_read_page_by_page_and_by_filters(house: LockedServer) -> None:
    for _ in range(7):
        assert house.manager("POST", "/api/v1/keys", json={"scope": "chat"}).status_code == 201
    whole, seen, cursor = audit(house), [], None
    while cursor is not None or not seen:
        more = {} if cursor is None else {"cursor": cursor}
        answer = house.admin("GET", "/api/v1/audit", params={"limit": 5, **more}).json()
        assert len(answer["entries"]) <= 5
        seen += answer["entries"]
        cursor = answer["next_cursor"]
    assert seen == whole
    actor, last = key_id(house.manager), whole[0]
    assert audit(house, action="create_key", actor=actor) == [
        each for each in whole if (each["action"], each["actor"]) == ("create_key", actor)
    ]
    assert audit(house, client_id="beta") == [each for each in whole if each["client_id"] == "beta"] != []
    assert audit(house, since=last["timestamp"]) == [last]
    assert audit(house, until=last["timestamp"]) == whole[1:]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("query.cursor", {"cursor": "nonsense"}),
        ("query.cursor", {"cursor": "LTE="}),
        ("query.cursor", {"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="}),
        ("query.since", {"since": "yesterday"}),
        ("query.until", {"until": "nan"}),
        ("query.client_id", {"client_id": "no client"}),
        ("query.limit", {"limit": "0"}),
    ],
)
def test_a_wrong_filter_is_named(house: LockedServer, field: str, wrong: dict[str, str]) -> None:
    answer = house.admin("GET", "/api/v1/audit", params=wrong)
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_the_export_is_the_whole_of_it_line_by_line_over_http_and_by_command(
    house: LockedServer, tmp_path: Path
) -> None:
    answer = house.admin("GET", "/api/v1/audit/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    exported = lines(answer.text)
    assert exported == audit(house)[::-1]
    file = tmp_path / "audit.jsonl"
    succeed(tmp_path, "audit", "export", str(file), **command_line(house))
    assert lines(file.read_text()) == exported
    assert file.stat().st_mode & 0o077 == 0, "for its owner's eyes only"
    shown = succeed(tmp_path, "audit", "export", "--client", "beta", **command_line(house))
    assert lines(shown) == [each for each in exported if each["client_id"] == "beta"]
    assert succeed(tmp_path, "audit", "export", "--since", "2100-01-01", **command_line(house)) == ""
    assert (
        lines(succeed(tmp_path, "audit", "export", "--until", "2100-01-01T00:00:00", **command_line(house))) == exported
    )


def test_keys_made_by_command_are_written_down(house: LockedServer, tmp_path: Path) -> None:
    before = last_id(house)
    made = succeed(tmp_path, "key", "create", "--scope", "chat", "--client", "acme", **command_line(house))
    made_id = made.splitlines()[-1].split("_")[1]
    succeed(tmp_path, "key", "revoke", made_id, **command_line(house))
    entries = since(house, before)
    assert [(each["actor"], each["action"], each["client_id"], each["object"]) for each in entries] == [
        ("cli", "create_key", "acme", made_id),
        ("cli", "revoke_key", "acme", made_id),
    ]
    assert {(each["address"], each["status"], each["outcome"]) for each in entries} == {(None, None, "done")}


def test_commands_on_a_stopped_instance_are_written_down_and_a_flood_is_a_number(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "server", AUTH_MODE="keys") as server:
        for _ in range(40):
            assert server.http.get("/api/v1/documents").status_code == 401
        server.stop()
    env = {"DATA_DIR": str(server.folder / "data"), "VECTOR_STORE_PATH": str(server.folder / "chroma_db")}
    succeed(tmp_path, "compact", **env)
    succeed(tmp_path, "check", "--repair", **env)
    succeed(tmp_path, "backup", "all.tar.gz", **env)
    succeed(tmp_path, "restore", "all.tar.gz", "--replace", **env)
    entries = lines(succeed(tmp_path, "audit", "export", **env))
    assert [each["action"] for each in entries] == [
        *["list_documents"] * 10,
        "refusals_left_out",
        "compact",
        "repair",
        "restore",
    ]
    assert [entries[10][name] for name in ("actor", "address", "object")] == ["nobody", "127.0.0.1", "30"]
    assert [each["actor"] for each in entries[11:]] == ["cli"] * 3


def test_while_there_are_no_keys_everybody_is_open(keyless: RunningServer) -> None:
    client_id = keyless.new_client(("a.txt", b"Words."))
    (entry,) = keyless.http.get("/api/v1/audit", params={"client_id": client_id}).json()["entries"]
    assert (entry["actor"], entry["action"], entry["scope"]) == ("open", "ingest", "admin")


def test_without_a_database_there_is_nothing_to_export(tmp_path: Path) -> None:
    refused = run(tmp_path, "audit", "export")
    assert refused.returncode == 1
    assert "There is no database" in refused.stderr
