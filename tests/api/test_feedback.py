"""Answers are rated, and what was thought of them is read."""

from typing import Any

import httpx2
import pytest
from running_server import RunningServer


@pytest.fixture(scope="module")
def client(server: RunningServer) -> str:
    return server.new_client(("moon.txt", b"The moon is 384,400 km away. It has no air."))


@pytest.fixture
def answer(server: RunningServer, client: str) -> dict[str, Any]:
    return server.ask(client, "How far is the moon?")


def address(answer: dict[str, Any]) -> str:
    return f"/api/v1/sessions/{answer['session_id']}/messages/{answer['message_id']}/feedback"


def rate(server: RunningServer, answer: dict[str, Any], **given: Any) -> httpx2.Response:
    return server.http.put(address(answer), json=given)


def messages(server: RunningServer, answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.http.get(f"/api/v1/sessions/{answer['session_id']}/messages").json()
    return found


def test_a_rated_answer_says_so_until_that_is_taken_back(server: RunningServer, answer: dict[str, Any]) -> None:
    rated = rate(server, answer, rating="down", comment=" Which moon? ")
    assert rated.status_code == 200
    feedback = rated.json()["feedback"]
    assert (feedback["rating"], feedback["comment"]) == ("down", "Which moon?")
    question, stored = messages(server, answer)
    assert (question["feedback"], stored) == (None, rated.json())
    assert stored["id"] == answer["message_id"]
    assert rate(server, answer, rating="up").json()["feedback"]["comment"] == ""
    for _ in range(2):
        taken_back = server.http.delete(address(answer))
        assert (taken_back.status_code, taken_back.json()["feedback"]) == (200, None)
    assert messages(server, answer)[1]["feedback"] is None


def test_the_list_shows_question_and_answer_newest_first(server: RunningServer) -> None:
    client = server.new_client(("sun.txt", b"The sun is a star."))
    answers = [server.ask(client, question) for question in ("What is the sun?", "Is the sun a star?")]
    for answer, rating in zip(answers, ("up", "down"), strict=True):
        rate(server, answer, rating=rating, comment="So.")
    listed = server.http.get("/api/v1/feedback", params={"client_id": client}).json()
    assert listed["total"] == 2
    first, second = listed["feedback"]
    assert set(first) == {
        "session_id", "client_id", "message_id", "question", "answer", "rating", "comment", "timestamp",
    }  # fmt: skip
    assert (first["question"], first["answer"]) == ("Is the sun a star?", answers[1]["response"])
    assert (first["rating"], first["client_id"]) == ("down", client)
    assert second["message_id"] == answers[0]["message_id"]
    ups = server.http.get("/api/v1/feedback", params={"client_id": client, "rating": "up"}).json()
    assert (ups["feedback"], ups["total"]) == ([second], 1)
    page = server.http.get("/api/v1/feedback", params={"client_id": client, "limit": 1, "offset": 1}).json()
    assert (page["feedback"], page["total"]) == ([second], 2)
    everybody = server.http.get("/api/v1/feedback", params={"limit": 1000}).json()
    assert all(each in everybody["feedback"] for each in (first, second))
    server.http.delete(f"/api/v1/sessions/{answers[0]['session_id']}")
    assert server.http.get("/api/v1/feedback", params={"client_id": client}).json()["feedback"] == [first]


def test_only_answers_are_rated_and_only_so(server: RunningServer, answer: dict[str, Any]) -> None:
    question = {**answer, "message_id": messages(server, answer)[0]["id"]}
    refused = rate(server, question, rating="up")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "path.message_id"
    for wrong in (
        {},
        {"rating": "sideways"},
        {"rating": None},
        {"rating": "up", "comment": "x" * 2001},
        {"rating": "up", "comment": "\x00"},
        {"rating": "up", "comment": None},
    ):
        assert rate(server, answer, **wrong).status_code == 422, wrong
    assert rate(server, answer, rating="up", comment="ß\n" * 1000).status_code == 200


@pytest.mark.parametrize("message_id", ["0", "-1", "9223372036854775808", "x", "1.5"])
def test_what_can_be_no_message_is_refused(server: RunningServer, answer: dict[str, Any], message_id: str) -> None:
    assert rate(server, {**answer, "message_id": message_id}, rating="up").status_code == 422


def test_messages_of_other_sessions_and_of_none_are_not_found(server: RunningServer, client: str) -> None:
    mine, other = (server.ask(client, "How far is the moon?") for _ in range(2))
    for wrong in ({**mine, "message_id": other["message_id"]}, {**mine, "message_id": 2**63 - 1}):
        refused = rate(server, wrong, rating="up")
        assert (refused.status_code, refused.json()["code"]) == (404, "message_not_found")
    for who in (server.new_client(("x.txt", b"Something else.")), "nobody-here"):
        for method in ("PUT", "DELETE"):
            body = {"json": {"rating": "down"}} if method == "PUT" else {}
            refused = server.http.request(method, address(mine), params={"client_id": who}, **body)
            assert (refused.status_code, refused.json()["code"]) == (404, "session_not_found")
        assert server.http.get("/api/v1/feedback", params={"client_id": who}).json() == {"feedback": [], "total": 0}
    assert messages(server, mine)[1]["feedback"] is None


def test_a_client_that_is_deleted_takes_its_feedback_along(server: RunningServer) -> None:
    client = server.new_client(("sun.txt", b"The sun is a star."))
    rate(server, server.ask(client, "What is the sun?"), rating="up", comment="Zebra")
    server.http.delete(f"/api/v1/chat/collections/{client}")
    assert "Zebra" not in server.http.get("/api/v1/feedback", params={"limit": 1000}).text
