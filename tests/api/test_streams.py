"""POST /api/v1/chat/stream and WS /api/v1/chat/ws/{client_id}"""

import json
from typing import Any

import pytest
from groq_stand_in import GroqStandIn
from groq_turns import Answer
from running_server import RunningServer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

TEXT = ("rivers.txt", b"The river Moldau flows through Prague. The river Elbe flows through Dresden.")
QUESTION = "Which river flows through Prague?"


def read_events(server: RunningServer, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    with server.http.stream("POST", "/api/v1/chat/stream", json=body) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(response.iter_text()).strip().split("\n\n")
    lines = [block.split("\n") for block in blocks]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in lines]


def check(events: list[tuple[str, dict[str, Any]]], client_id: str) -> None:
    names = [name for name, _ in events]
    assert names[0] == "start"
    assert names[-1] == "end"
    assert set(names[1:-1]) == {"delta"}
    start, end = events[0][1], events[-1][1]
    assert start["client_id"] == end["client_id"] == client_id
    assert start["session_id"] == end["session_id"]
    assert [(each["cited"], each["verified"]) for each in start["sources"]] == [(None, None)] * len(start["sources"])
    assert [_place(each) for each in start["sources"]] == [_place(each) for each in end["sources"]]
    assert end["sources"][0]["cited"] is True
    assert start["model"] == end["model"]
    assert "".join(data["text"] for name, data in events if name == "delta") == end["response"]
    assert "Moldau" in end["response"]
    assert end["usage"]["llm_calls"] == 1


def test_a_stream_tells_its_sources_then_its_words_then_the_whole(server: RunningServer) -> None:
    client_id = server.new_client(TEXT)
    events = read_events(server, {"client_id": client_id, "message": QUESTION})
    check(events, client_id)
    stored = server.http.get(f"/api/v1/sessions/{events[0][1]['session_id']}/messages").json()
    assert [message["role"] for message in stored] == ["user", "assistant"]
    assert stored[1]["content"] == events[-1][1]["response"]


def test_a_marker_that_is_cut_over_many_words_is_dropped_from_a_stream_too(
    server: RunningServer, groq: GroqStandIn
) -> None:
    client_id = server.new_client(TEXT)
    text = "The river Moldau flows through Prague [ 1 ]. It is long [ 7 ]. So [8, 9]"
    groq.script("*", Answer(text, delay_seconds=0.01))
    events = read_events(server, {"client_id": client_id, "message": "Which river is it that flows through Prague?"})
    check(events, client_id)
    assert events[-1][1]["response"] == "The river Moldau flows through Prague [1]. It is long. So"


def test_a_fault_before_the_first_event_is_an_ordinary_http_error(server: RunningServer) -> None:
    response = server.http.post("/api/v1/chat/stream", json={"client_id": "nobody-here", "message": "Hello?"})
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_a_websocket_takes_many_questions(server: RunningServer) -> None:
    client_id = server.new_client(TEXT)
    with connect(f"ws://127.0.0.1:{server.port}/api/v1/chat/ws/{client_id}") as socket:
        first = converse(socket, {"message": QUESTION})
        check(first, client_id)
        session_id = first[-1][1]["session_id"]
        second = converse(socket, {"message": "And through Dresden?", "session_id": session_id})
        assert second[-1][1]["session_id"] == session_id
        assert second[-1][1]["new_session"] is False


def test_a_wrong_frame_gets_an_error_and_the_connection_stays(server: RunningServer) -> None:
    client_id = server.new_client(TEXT)
    with connect(f"ws://127.0.0.1:{server.port}/api/v1/chat/ws/{client_id}/") as socket:
        for frame in ("no json", "[]", '{"message": ""}', '{"message": 7}'):
            socket.send(frame)
            error = json.loads(socket.recv(timeout=30))
            assert error["type"] == "error"
            assert error["code"] == "invalid_request"
        check(converse(socket, {"message": QUESTION}), client_id)


def test_a_websocket_of_an_unknown_client_is_refused_with_404(server: RunningServer) -> None:
    for client_id in ("nobody-here", "not%20well%20formed"):
        with pytest.raises(InvalidStatus) as refusal:
            connect(f"ws://127.0.0.1:{server.port}/api/v1/chat/ws/{client_id}")
        assert refusal.value.response.status_code == 404


def _place(source: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name not in ("cited", "verified")}


def converse(socket: Any, question: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    socket.send(json.dumps(question))
    events: list[tuple[str, dict[str, Any]]] = []
    while not events or events[-1][0] not in ("end", "error"):
        frame = json.loads(socket.recv(timeout=30))
        events.append((frame.pop("type"), frame))
    return events
