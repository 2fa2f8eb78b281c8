"""Idempotency-Key: the same request sent twice is carried out once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sse_reader
from groq_stand_in import GroqStandIn
from groq_turns import Answer, Silence
from running_server import RunningServer

TEXT = ("rivers.txt", b"The river Moldau flows through Prague. The river Elbe flows through Dresden.")


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> str:
    return server.new_client(TEXT)


@pytest.fixture
def question(client: str) -> dict[str, Any]:
    """One that nobody has asked before, so that no cache knows its answer."""
    return {"client_id": client, "message": f"Which river flows through Prague? ({uuid.uuid4().hex[:8]})"}


def upload(server: RunningServer, key: dict[str, str], *files: tuple[str, bytes], **form: str) -> httpx2.Response:
    sent = [("files", file) for file in files]
    return server.http.post("/api/v1/ingest/", files=sent, data=form, headers=key)


def ask(server: RunningServer, key: dict[str, str], question: dict[str, Any]) -> httpx2.Response:
    return server.http.post("/api/v1/chat/", json=question, headers=key)


def stream(server: RunningServer, key: dict[str, str], question: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    with server.http.stream("POST", "/api/v1/chat/stream", json=question, headers=key) as response:
        return list(sse_reader.events(response.iter_lines()))


def messages(server: RunningServer, session_id: str) -> list[str]:
    rows = server.http.get(f"/api/v1/sessions/{session_id}/messages").json()
    return [row["role"] for row in rows]


def test_an_upload_sent_twice_makes_one_client_and_one_copy(server: RunningServer, key: dict[str, str]) -> None:
    first, second = upload(server, key, TEXT), upload(server, key, TEXT)
    assert first.json() == second.json()
    assert first.json()["created"] is True
    assert first.headers["location"] == second.headers["location"]
    listed = server.http.get("/api/v1/documents", params={"client_id": first.json()["client_id"]}).json()
    assert listed["total"] == 1


def test_uploads_that_come_at_the_same_time_are_one(server: RunningServer, key: dict[str, str]) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = [answer.json() for answer in threads.map(lambda _: upload(server, key, TEXT), range(6))]
    assert answers == answers[:1] * 6
    listed = server.http.get("/api/v1/documents", params={"client_id": answers[0]["client_id"]}).json()
    assert listed["total"] == 1


def test_a_key_that_comes_with_another_upload_is_refused(server: RunningServer, key: dict[str, str]) -> None:
    client = upload(server, key, TEXT, client_id="key-owner").json()["client_id"]
    for other in (
        upload(server, key, ("rivers.txt", b"Other bytes."), client_id=client),
        upload(server, key, ("other.txt", TEXT[1]), client_id=client),
        upload(server, key, TEXT, client_id=client, chunk_size="500"),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert server.http.get("/api/v1/documents", params={"client_id": client}).json()["total"] == 1


def test_a_key_of_another_client_is_another_key(server: RunningServer, key: dict[str, str]) -> None:
    first = upload(server, key, TEXT, client_id="first-of-two").json()
    second = upload(server, key, TEXT, client_id="second-of-two").json()
    assert (first["client_id"], second["client_id"]) == ("first-of-two", "second-of-two")
    assert first["documents"][0]["document_id"] != second["documents"][0]["document_id"]
    asked = [
        ask(server, key, {"client_id": own["client_id"], "message": "Which river?"}).json() for own in (first, second)
    ]
    assert [answer["client_id"] for answer in asked] == ["first-of-two", "second-of-two"]
    assert asked[0]["session_id"] != asked[1]["session_id"]


def test_an_upload_of_which_nothing_was_stored_is_simply_tried_again(
    server: RunningServer, key: dict[str, str]
) -> None:
    bad = ("bad.pdf", b"%PDF-1.7 and then nothing")
    first, second = upload(server, key, bad), upload(server, key, bad)
    assert first.status_code == second.status_code == 422
    assert first.json()["code"] == second.json()["code"] == "unreadable_file"


def test_a_question_sent_twice_is_answered_once(
    server: RunningServer, groq: GroqStandIn, key: dict[str, str], question: dict[str, Any]
) -> None:
    first = ask(server, key, question).json()
    calls = len(groq.asked)
    assert ask(server, key, question).json() == first
    assert first["new_session"] is True
    (start, delta, end) = stream(server, key, question)
    assert start[0] == "start"
    assert {name: start[1][name] for name in ("session_id", "model")} == {
        name: first[name] for name in ("session_id", "model")
    }
    assert [source["content"] for source in start[1]["sources"]] == [source["content"] for source in first["sources"]]
    assert delta == ("delta", {"text": first["response"]})
    assert end == ("end", first)
    assert len(groq.asked) == calls
    assert messages(server, first["session_id"]) == ["user", "assistant"]
    stored = server.http.get(f"/api/v1/sessions/{first['session_id']}/messages").json()
    assert first["message_id"] == stored[1]["id"]


def test_a_stream_that_was_read_once_is_answered_again_in_one_piece(
    server: RunningServer, groq: GroqStandIn, key: dict[str, str], question: dict[str, Any]
) -> None:
    *_, (_, first) = stream(server, key, {**question, "use_memory": False})
    calls = len(groq.asked)
    assert ask(server, key, {**question, "use_memory": False}).json() == first
    assert (first["memory_used"], first["message_id"], len(groq.asked)) == (False, None, calls)


def test_a_key_that_comes_with_another_question_is_refused(
    server: RunningServer, key: dict[str, str], question: dict[str, Any]
) -> None:
    ask(server, key, question)
    for other in ({"message": "Another one?"}, {"session_id": "another"}, {"use_memory": False}):
        response = ask(server, key, question | other)
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_is_free_again_when_its_question_failed(server: RunningServer, key: dict[str, str]) -> None:
    unknown = {"client_id": "comes-later", "message": "Which river?"}
    assert ask(server, key, unknown).json()["code"] == "client_not_found"
    server.new_client(TEXT, client_id="comes-later")
    assert ask(server, key, unknown | {"session_id": "own-session"}).status_code == 200
    foreign = {"client_id": server.new_client(TEXT), "message": "Which river?", "session_id": "own-session"}
    for _ in range(2):
        assert ask(server, key, foreign).json()["code"] == "session_not_found"
    assert ask(server, key, foreign | {"session_id": "another-session"}).status_code == 200


def test_questions_that_come_at_the_same_time_are_one(
    server: RunningServer, groq: GroqStandIn, key: dict[str, str], question: dict[str, Any]
) -> None:
    calls = len(groq.asked)
    groq.script("*", Answer(delay_seconds=0.2))
    with ThreadPoolExecutor(4) as threads:
        answers = [answer.json() for answer in threads.map(lambda _: ask(server, key, question), range(4))]
    assert answers == answers[:1] * 4
    assert len(groq.asked) == calls + 1
    assert messages(server, answers[0]["session_id"]) == ["user", "assistant"]


def test_a_question_whose_server_was_killed_is_asked_again_and_stored_once(tmp_path: Path, key: dict[str, str]) -> None:
    with GroqStandIn() as groq, RunningServer(tmp_path, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url) as server:
        question = {"client_id": server.new_client(TEXT), "message": "Which river flows through Prague?"}
        groq.script("*", Silence())
        with ThreadPoolExecutor(1) as threads:
            broken = threads.submit(ask, server, key, question)
            while not groq.asked:
                pass
            server.kill()
            assert isinstance(broken.exception(), httpx2.TransportError)
        server.start()
        answer = ask(server, key, question).json()
        assert "Moldau" in answer["response"]
        assert answer["new_session"] is True
        assert messages(server, answer["session_id"]) == ["user", "assistant"]
        assert server.http.get("/api/v1/sessions/list").json() == [answer["session_id"]]
        server.kill()
        server.start()
        assert ask(server, key, question).json() == answer
        assert len(groq.asked) == 2


def test_a_reader_who_left_in_the_middle_may_ask_again(
    server: RunningServer, groq: GroqStandIn, key: dict[str, str], question: dict[str, Any]
) -> None:
    groq.script("*", Answer(words_until_silence=3))
    with server.http.stream("POST", "/api/v1/chat/stream", json=question, headers=key) as response:
        names = (name for name, _ in sse_reader.events(response.iter_lines()))
        assert [next(names), next(names)] == ["start", "delta"]
    answer = ask(server, key, question).json()
    assert "Moldau" in answer["response"]
    assert ask(server, key, question).json() == answer


def test_an_answer_that_was_kept_goes_with_its_session(
    server: RunningServer, groq: GroqStandIn, key: dict[str, str], question: dict[str, Any]
) -> None:
    first = ask(server, key, question).json()
    gone = server.http.delete(f"/api/v1/sessions/{first['session_id']}").json()
    assert gone["deleted"]["replies"] == 1
    again = ask(server, key, question).json()
    assert again["session_id"] != first["session_id"]


def test_a_key_that_is_too_long_is_refused(server: RunningServer, question: dict[str, Any]) -> None:
    for response in (
        ask(server, {"Idempotency-Key": "x" * 256}, question),
        upload(server, {"Idempotency-Key": "x" * 256}, TEXT),
    ):
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "header.Idempotency-Key"
