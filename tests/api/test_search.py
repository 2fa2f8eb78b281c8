"""POST /api/v1/search"""

from typing import Any

import pytest
from files.makers import make_pdf
from groq_stand_in import GroqStandIn
from running_server import RunningServer

PAGES = [
    "Introduction. This report describes the Lowgate bridge and its two keepers.",
    "The Lowgate bridge was painted in sea green. Its keepers live beside it.",
    "Costs. The yearly upkeep costs four million crowns.",
]
FERRY = ("ferry.txt", b"The ferry was painted in white after the storm.")


@pytest.fixture(scope="module")
def owner(server: RunningServer) -> str:
    return server.new_client(("report.pdf", make_pdf(PAGES)), FERRY)


def search(server: RunningServer, client_id: str, query: str, **more: Any) -> dict[str, Any]:
    response = server.http.post("/api/v1/search", json={"client_id": client_id, "query": query, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def refusal(server: RunningServer, **body: Any) -> tuple[int, dict[str, Any]]:
    response = server.http.post("/api/v1/search", json=body)
    return response.status_code, response.json()


def test_the_passages_come_best_first_with_their_places(server: RunningServer, owner: str) -> None:
    answer = search(server, owner, "  What does the upkeep cost?  ")
    assert set(answer) == {"query", "client_id", "results", "total"}
    assert (answer["query"], answer["client_id"]) == ("What does the upkeep cost?", owner)
    assert answer["total"] == len(answer["results"]) == 4
    best = answer["results"][0]
    assert set(best) == {"page", "place", "content", "filename", "document_id", "score", "chunk_id"}
    assert (best["page"], best["filename"], best["content"]) == (3, "report.pdf", PAGES[2])
    assert best["document_id"].startswith("doc_")
    scores = [each["score"] for each in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len({each["chunk_id"] for each in answer["results"]}) == 4
    (ferry,) = [each for each in answer["results"] if each["filename"] == "ferry.txt"]
    assert ferry["page"] is None


def test_a_text_that_stands_in_two_files_is_shown_once(server: RunningServer) -> None:
    client_id = server.new_client(FERRY, ("copy.txt", FERRY[1] + b"\n"))
    assert search(server, client_id, "ferry")["total"] == 1


def test_the_limit_is_kept_and_cuts_the_same_list(server: RunningServer, owner: str) -> None:
    whole = search(server, owner, "painted", limit=50)["results"]
    assert search(server, owner, "painted", limit=2)["results"] == whole[:2]
    many = server.new_client(("list.pdf", make_pdf([f"Pump number {n} stands in hall {n % 7}." for n in range(60)])))
    assert search(server, many, "pump")["total"] == 10
    assert search(server, many, "pump", limit=50)["total"] == 50


def test_the_sources_of_an_answer_stand_in_the_list_in_the_same_order(server: RunningServer, owner: str) -> None:
    question = "When was the ferry painted?"
    keys = ("filename", "page", "content", "score")
    sources = [[each[key] for key in keys] for each in server.ask(owner, question)["sources"]]
    found = [[each[key] for key in keys] for each in search(server, owner, question)["results"]]
    assert sources
    assert [each for each in found if each in sources] == sources


def test_a_follow_up_is_read_in_the_light_of_the_history_that_is_sent(server: RunningServer, owner: str) -> None:
    follow_up = "And what was it painted in?"
    asked = {"question": "Who keeps the Lowgate bridge?", "answer": "The Lowgate bridge has two keepers."}
    assert search(server, owner, follow_up)["results"][0]["filename"] == "ferry.txt"
    assert search(server, owner, follow_up, history=[asked])["results"][0]["content"] == PAGES[1]
    polite = [asked, {"question": "Thanks!", "answer": "You are welcome."}]
    assert search(server, owner, follow_up, history=polite)["results"][0]["content"] == PAGES[1]


def test_nothing_is_asked_of_a_model_and_nothing_is_written_down(
    server: RunningServer, groq: GroqStandIn, owner: str
) -> None:
    before = len(groq.chats)
    sessions = server.http.get("/api/v1/sessions/stats").json()
    usage = server.http.get("/api/v1/usage").json()
    search(server, owner, "sea green", history=[{"question": "What?", "answer": "That."}])
    assert len(groq.chats) == before
    assert server.http.get("/api/v1/sessions/stats").json() == sessions
    assert server.http.get("/api/v1/usage").json() == usage


def test_small_talk_is_searched_for_as_it_stands(server: RunningServer) -> None:
    client_id = server.new_client(("mail.txt", b"Thanks for your letter of the third of May."), FERRY)
    assert search(server, client_id, "thanks")["results"][0]["filename"] == "mail.txt"


def test_another_client_finds_its_own_documents_alone(server: RunningServer, owner: str) -> None:
    other = server.new_client(("secret.txt", b"The launch code is XYLOPHONE."))
    assert "XYLOPHONE" not in str(search(server, owner, "What is the launch code?", limit=50))
    (only,) = search(server, other, "In which colour was the Lowgate bridge painted?", limit=50)["results"]
    assert only["filename"] == "secret.txt"


def test_an_unknown_client_is_not_found(server: RunningServer) -> None:
    status, problem = refusal(server, client_id="nobody-here", query="bridge")
    assert (status, problem["code"]) == (404, "client_not_found")


def test_a_client_without_documents_finds_nothing(server: RunningServer) -> None:
    client_id = server.new_client(("a.txt", b"Alpha."))
    (document,) = server.http.get("/api/v1/documents", params={"client_id": client_id}).json()["documents"]
    assert server.http.delete(f"/api/v1/documents/{document['id']}").status_code == 200
    assert search(server, client_id, "alpha") == {"query": "alpha", "client_id": client_id, "results": [], "total": 0}


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("body.query", {"query": "  "}),
        ("body.query", {"query": "x" * 8001}),
        ("body.query", {"query": "bell \x07"}),
        ("body.query", {}),
        ("body.client_id", {"query": "x", "client_id": "a b"}),
        ("body.limit", {"query": "x", "limit": 0}),
        ("body.limit", {"query": "x", "limit": 51}),
        ("body.limit", {"query": "x", "limit": "10"}),
        ("body.history", {"query": "x", "history": [{"question": "Q", "answer": "A"}] * 11}),
        ("body.history.0.answer", {"query": "x", "history": [{"question": "Q"}]}),
        ("body.history.0.answer", {"query": "x", "history": [{"question": "Q", "answer": "x" * 32_001}]}),
        ("body.history.0.question", {"query": "x", "history": [{"question": "", "answer": "A"}]}),
    ],
)
def test_what_is_wrong_is_named(server: RunningServer, owner: str, field: str, body: dict[str, Any]) -> None:
    status, problem = refusal(server, **({"client_id": owner} | body))
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [each["field"] for each in problem["errors"]] == [field]


def test_the_address_works_with_and_without_its_trailing_slash(server: RunningServer, owner: str) -> None:
    answers = [
        server.http.post(path, json={"client_id": owner, "query": "ferry"}).json()
        for path in ("/api/v1/search", "/api/v1/search/")
    ]
    assert answers[0] == answers[1]
    assert answers[0]["total"] == 4
