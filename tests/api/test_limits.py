"""What one caller may ask: requests, uploads, streams, tokens, and wrong keys."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest
from groq_stand_in import GroqStandIn
from groq_turns import Answer
from locked_server import Holder, LockedServer, locked
from running_server import RunningServer
from sse_reader import events
from waiting import wait_for
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

REQUESTS, UPLOADS, STREAMS = 150, 3, 2


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[LockedServer]:
    with locked(
        tmp_path_factory.mktemp("limits"),
        GROQ_API_KEY="gsk_test",
        GROQ_API_BASE=groq.url,
        REQUESTS_PER_MINUTE=str(REQUESTS),
        UPLOADS_PER_HOUR=str(UPLOADS),
        STREAMS_AT_ONCE=str(STREAMS),
    ) as whole:
        yield whole


@pytest.fixture
def fresh(house: LockedServer) -> Holder:
    """A key that has asked nothing yet."""
    return house.new_key("manage", "acme")


def told(answer: httpx2.Response) -> dict[str, dict[str, int]]:
    """`RateLimit` and `RateLimit-Policy` together: the parameters by the name of the limit."""
    found: dict[str, dict[str, int]] = {}
    for header in ("RateLimit-Policy", "RateLimit"):
        for item in answer.headers[header].split(", "):
            name, *parameters = item.split(";")
            numbers = {key: int(value) for key, value in (each.split("=") for each in parameters)}
            found[json.loads(name)] = {**found.get(json.loads(name), {}), **numbers}
    return found


def use_up(holder: Holder) -> httpx2.Response:
    """Ask until it is too much."""
    for _ in range(REQUESTS + 1):
        answer = holder("GET", "/api/v1/auth/me")
    return answer


def test_every_answer_says_what_is_left(fresh: Holder) -> None:
    for number, path in enumerate(("/api/v1/auth/me", "/nowhere", "/api/v1/documents/doc_none", "/metrics")):
        requests = told(fresh("GET", path))["requests"]
        assert (requests["q"], requests["w"], requests["r"]) == (REQUESTS, 60, REQUESTS - 1 - number)
        assert 1 <= requests["t"] <= 60


def test_too_many_requests_of_one_key_are_refused_and_another_key_goes_on(house: LockedServer, fresh: Holder) -> None:
    refused = use_up(fresh)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["content-type"] == "application/problem+json"
    assert "REQUESTS_PER_MINUTE" in refused.json()["detail"]
    assert told(refused)["requests"]["r"] == 0
    assert told(refused)["requests"]["t"] == int(refused.headers["Retry-After"]) <= 61
    assert house.new_key("chat", "acme")("GET", "/api/v1/auth/me").status_code == 200


def test_a_browser_that_has_signed_in_counts_with_its_key(house: LockedServer, fresh: Holder) -> None:
    signed_in = house.server.http.post("/api/v1/auth/sign-in", json={"key": fresh.key})
    token = signed_in.cookies["crag_session"]
    house.server.http.cookies.clear()
    browser = Holder(house.server, headers={"Cookie": f"crag_session={token}"})
    before = told(fresh("GET", "/api/v1/auth/me"))["requests"]["r"]
    assert told(browser("GET", "/api/v1/auth/me"))["requests"]["r"] == before - 1


def test_strangers_are_counted_by_address(house: LockedServer) -> None:
    strangers = [Holder(house.server, headers={"X-Forwarded-For": address}) for address in ("192.0.2.7", "192.0.2.8")]
    for _ in range(REQUESTS):
        last = strangers[0]("GET", "/health")
    assert (last.status_code, told(last)["requests"]["r"]) == (200, 0)
    assert strangers[0]("GET", "/health").status_code == 429
    assert strangers[0]("GET", "/healthz").status_code == 200, "whether it lives may be asked at any time"
    assert strangers[1]("GET", "/health").status_code == 200


def test_too_many_uploads_are_refused_and_questions_go_on(fresh: Holder) -> None:
    for number in range(UPLOADS):
        answer = fresh.upload(f"{number}.txt", f"Tale number {number} is about a fox.")
        assert (answer.status_code, told(answer)["uploads"]["r"]) == (200, UPLOADS - 1 - number)
    refused = fresh.upload("more.txt", "One more.")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert "UPLOADS_PER_HOUR" in refused.json()["detail"]
    assert fresh("POST", "/api/v1/ingest/url", json={"url": "https://example.org/"}).status_code == 429
    assert fresh.ask("What is the tale about?").status_code == 200


def stream(holder: Holder, message: str) -> Any:
    return holder.server.http.stream(
        "POST", "/api/v1/chat/stream", json={"message": message}, headers={"Authorization": f"Bearer {holder.key}"}
    )


def test_a_stream_too_many_is_refused_until_one_has_ended(
    fresh: Holder, groq: GroqStandIn, house: LockedServer
) -> None:
    groq.script("*", Answer("One two three four.", words_until_silence=2), times=STREAMS)
    with ExitStack() as stack:
        held = [
            events(stack.enter_context(stream(fresh, f"When was bridge {number} opened?")).iter_lines())
            for number in range(STREAMS)
        ]
        assert [next(each)[0] for each in held] == ["start"] * STREAMS
        refused = fresh("POST", "/api/v1/chat/stream", json={"message": "And the bridge?"})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert "STREAMS_AT_ONCE" in refused.json()["detail"]
        assert int(refused.headers["Retry-After"]) > 0
        assert fresh("GET", "/api/v1/auth/me").status_code == 200
        assert house.manager("POST", "/api/v1/chat/stream", json={"message": "Bridge?"}).status_code == 200
    wait_for(lambda: fresh("POST", "/api/v1/chat/stream", json={"message": "Which bridge?"}).status_code == 200)


def open_socket(holder: Holder, **headers: str) -> ClientConnection:
    url = f"ws://127.0.0.1:{holder.server.port}/api/v1/chat/ws/acme"
    return connect(url, additional_headers=headers, open_timeout=30)


def test_a_connection_is_a_stream_also_when_it_shows_its_key_later(fresh: Holder) -> None:
    bearer = {"Authorization": f"Bearer {fresh.key}"}
    with ExitStack() as stack:
        for _ in range(STREAMS):
            stack.enter_context(open_socket(fresh, **bearer))
        with pytest.raises(InvalidStatus) as refused:
            open_socket(fresh, **bearer)
        assert refused.value.response.status_code == 429
        with open_socket(fresh) as late:
            late.send(json.dumps({"type": "auth", "key": fresh.key}))
            assert json.loads(late.recv(30))["code"] == "too_many_requests"

    def opens() -> bool:
        try:
            with open_socket(fresh, **bearer):
                return True
        except InvalidStatus:
            return False

    wait_for(opens)


def test_a_question_on_a_connection_is_a_request(fresh: Holder) -> None:
    with open_socket(fresh, Authorization=f"Bearer {fresh.key}") as socket:
        codes = []
        for _ in range(REQUESTS):
            socket.send("no question")
            codes.append(json.loads(socket.recv(30))["code"])
    assert codes == ["invalid_request"] * (REQUESTS - 1) + ["too_many_requests"]
    assert fresh("GET", "/api/v1/auth/me").status_code == 429


def wrong(house: LockedServer, address: str) -> Holder:
    return Holder(house.server, "crag_aaaaaaaaaaaa_" + "x" * 43, headers={"X-Forwarded-For": address})


def test_whoever_guesses_has_to_wait_and_a_right_key_opens_all_the_same(house: LockedServer) -> None:
    guesser, neighbour = wrong(house, "192.0.2.20"), wrong(house, "192.0.2.21")
    assert [guesser("GET", "/api/v1/auth/me").status_code for _ in range(12)] == [401] * 10 + [429] * 2
    refused = guesser("GET", "/api/v1/auth/me")
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert "wrong keys" in refused.json()["detail"]
    assert neighbour("GET", "/api/v1/auth/me").status_code == 401
    same_address = Holder(house.server, house.manager.key, headers={"X-Forwarded-For": "192.0.2.20"})
    assert same_address("GET", "/api/v1/auth/me").status_code == 200
    sign_in = same_address("POST", "/api/v1/auth/sign-in", json={"key": house.manager.key})
    house.server.http.cookies.clear()
    assert sign_in.status_code == 200


def test_signing_in_is_no_other_way_to_guess(house: LockedServer) -> None:
    guesser = Holder(house.server, headers={"X-Forwarded-For": "192.0.2.30"})
    body = {"key": "crag_aaaaaaaaaaaa_" + "x" * 43}
    statuses = [guesser("POST", "/api/v1/auth/sign-in", json=body).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert wrong(house, "192.0.2.30")("GET", "/api/v1/auth/me").status_code == 429


def test_a_client_whose_tokens_are_used_up_is_answered_from_its_passages(
    tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn
) -> None:
    budget = 50
    folder = tmp_path_factory.mktemp("budget")
    with RunningServer(
        folder, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url, TOKENS_PER_DAY=str(budget), ANSWER_CACHE_SIZE="0"
    ) as server:
        spender, saver = (server.new_client(("a.txt", b"The bridge was opened in 1932.")) for _ in range(2))
        first = server.ask(spender, "When was the bridge opened?")
        assert (first["degraded"], first["usage"]["prompt_tokens"] > budget) == (False, True)
        wait_for(lambda: server.ask(spender, "When was the bridge opened?")["degraded"])
        asked = len(groq.chats)
        last = server.ask(spender, "When was the bridge opened?")
        assert (last["model"], last["degraded"], last["usage"]["llm_calls"]) == ("extractive", True, 0)
        assert "1932" in last["response"]
        assert 86_000 < last["retry_after"] <= 86_400
        with server.http.stream(
            "POST", "/api/v1/chat/stream", json={"client_id": spender, "message": "When was the bridge opened?"}
        ) as streamed:
            assert list(events(streamed.iter_lines()))[-1][1]["degraded"] is True
        assert len(groq.chats) == asked
        assert server.ask(saver, "When was the bridge opened?")["degraded"] is False
        (own,) = server.http.get("/api/v1/usage", params={"client_id": spender}).json()["clients"]
        assert (own["tokens_per_day"], own["tokens_left"]) == (budget, 0)


def test_without_keys_this_machine_is_not_limited(server: RunningServer) -> None:
    answer = server.http.get("/health")
    assert "RateLimit" not in answer.headers


def test_whoever_leaves_before_the_end_has_used_tokens_all_the_same(server: RunningServer, groq: GroqStandIn) -> None:
    client_id = server.new_client(("a.txt", b"The bridge was opened in 1932."))
    for memory in (True, False):
        groq.script("*", Answer("It was opened in 1932.", words_until_silence=2))
        body = {"client_id": client_id, "message": f"When was it opened ({memory})?", "use_memory": memory}
        with server.http.stream("POST", "/api/v1/chat/stream", json=body) as left:
            assert next(events(left.iter_lines()))[0] == "start"

    def spent() -> dict[str, int]:
        (own,) = server.http.get("/api/v1/usage", params={"client_id": client_id}).json()["clients"]
        day: dict[str, int] = own["last_24_hours"]
        return day

    wait_for(lambda: spent()["llm_calls"] == 2)
    assert spent()["prompt_tokens"] > 20
