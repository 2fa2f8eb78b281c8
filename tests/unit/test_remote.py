"""The command line's calls to a server that runs: what it answers, and what it refuses."""

import json
from collections.abc import Iterator

import pytest
from loopback_http import Exchange, LoopbackServer

from conversational_rag.config import Settings
from conversational_rag.errors import BadInput
from conversational_rag.rag.conversation import Turn
from conversational_rag.remote import RunningServer


class Scripted:
    """Gives these answers, one a call: status, body, headers. `calls` are the paths and bodies that came."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, object, dict[str, str]]] = []
        self.calls: list[tuple[str, object]] = []

    async def answer(self, exchange: Exchange) -> None:
        self.calls.append((exchange.path, json.loads(exchange.body or "null")))
        exchange.respond_json(*self.answers.pop(0))


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def server(scripted: Scripted) -> Iterator[RunningServer]:
    loopback = LoopbackServer(scripted.answer)
    loopback.start()
    running = RunningServer(Settings(host="127.0.0.1", port=loopback.port))
    yield running
    running.close()
    loopback.stop()


def test_a_search_that_came_too_often_waits_and_is_asked_again(scripted: Scripted, server: RunningServer) -> None:
    scripted.answers = [(429, {}, {"Retry-After": "0"}), (429, {}, {"Retry-After": "0"}), (200, {"results": [{}]}, {})]
    found, seconds = server.search("team", "And?", [Turn(0, "Who?", "He.")], 7)
    assert found == [{}]
    assert 0 < seconds < 10
    body = {"client_id": "team", "query": "And?", "history": [{"question": "Who?", "answer": "He."}], "limit": 7}
    assert scripted.calls == [("/api/v1/search", body)] * 3


def test_what_the_server_refuses_is_told_in_its_words(scripted: Scripted, server: RunningServer) -> None:
    scripted.answers = [(404, {"detail": "There is no such client."}, {}), (500, {}, {})]
    with pytest.raises(BadInput, match="There is no such client"):
        server.documents("nobody")
    with pytest.raises(BadInput):
        server.search("team", "And?", (), 7)


def test_all_documents_are_listed_page_by_page(scripted: Scripted, server: RunningServer) -> None:
    scripted.answers = [
        (200, {"documents": [{"id": 1}, {"id": 2}], "next_cursor": "a=="}, {}),
        (200, {"documents": [{"id": 3}], "next_cursor": None}, {}),
    ]
    assert [each["id"] for each in server.documents("team")] == [1, 2, 3]
    first, second = (path for path, _ in scripted.calls)
    assert first == "/api/v1/documents?client_id=team&limit=1000"
    assert second == "/api/v1/documents?client_id=team&limit=1000&cursor=a%3D%3D"
