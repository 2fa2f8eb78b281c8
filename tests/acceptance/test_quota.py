"""One free key for a whole team: what callers of the running server see when its limits are enforced."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest
from groq_quota import FreePlan
from groq_stand_in import MODELS, GroqStandIn
from groq_turns import rate_limited
from running_server import RunningServer
from waiting import wait_for
from websockets.sync.client import connect

SPEED = 60.0
SENTENCES = "Crane {0}.{1} lifts {1} tonnes. The harbour master checks it each spring before the season begins. "
TEXT = "\n\n".join(SENTENCES.format(n // 40, n) * 3 for n in range(400)).encode()


@pytest.fixture
def groq() -> Iterator[GroqStandIn]:
    with GroqStandIn(plan=FreePlan(SPEED)) as stand_in:
        yield stand_in


@pytest.fixture
def server(tmp_path: Path, groq: GroqStandIn) -> Iterator[RunningServer]:
    settings = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url, "LLM_MAX_WAIT": "5"}
    with RunningServer(tmp_path, **settings) as running:
        yield running


def left(server: RunningServer, model: str, bucket: str) -> float:
    found = re.search(rf'rag_quota_left{{bucket="{bucket}",model="{model}"}} (\S+)', server.http.get("/metrics").text)
    assert found is not None
    return float(found[1])


def test_sixty_questions_at_once_are_sixty_answers(server: RunningServer) -> None:
    clients = [server.new_client((f"cranes{n}.txt", TEXT)) for n in range(4)]

    def ask(number: int) -> dict[str, Any]:
        return server.ask(clients[number % 4], f"How many tonnes does crane {number % 10}.{number} lift?")

    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(ask, range(60)))
    assert all(answer["response"] and answer["sources"] for answer in answers)
    assert all((answer["model"] == "extractive") == answer["degraded"] for answer in answers)
    assert all(answer["retry_after"] for answer in answers if answer["degraded"])
    assert sum(not answer["degraded"] for answer in answers) >= 10


def test_with_two_minutes_of_patience_a_model_answers_four_of_five(tmp_path: Path) -> None:
    speed, patience = 24.0, 5.0  # 24 * 5 = 120 seconds of the provider's clock
    with GroqStandIn(plan=FreePlan(speed)) as groq:
        settings = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url, "LLM_MAX_WAIT": str(patience)}
        with RunningServer(tmp_path, **settings) as server:
            clients = [server.new_client((f"cranes{n}.txt", TEXT[:8_000])) for n in range(20)]
            learn_the_pace(server, clients[0])

            def ask(number: int) -> dict[str, Any]:
                return server.ask(clients[number % 20], f"How many tonnes does crane {number % 10}.{number} lift?")

            with ThreadPoolExecutor(60) as callers:
                answers = list(callers.map(ask, range(60)))
    assert all(answer["response"] and answer["sources"] for answer in answers)
    assert all((answer["model"] == "extractive") == answer["degraded"] for answer in answers)
    assert sum(answer["degraded"] for answer in answers) <= 12


def learn_the_pace(server: RunningServer, client_id: str) -> None:
    """The provider's clock runs faster: each model's first answer tells that; then its minute is full again."""
    asked: set[str] = set()
    for number in range(60):
        if asked >= set(MODELS):
            break
        asked.add(server.ask(client_id, f"How heavy is crane {number}.{number}?")["model"])
    wait_for(lambda: all(left(server, model, "TPM") > 7_900 for model in MODELS))


@pytest.mark.parametrize("mouth", ["events", "websocket"])
def test_who_leaves_while_he_waits_for_quota_gives_his_place_up_at_once(
    server: RunningServer, groq: GroqStandIn, mouth: str
) -> None:
    client_id = server.new_client(("cranes.txt", TEXT))
    for model in MODELS:  # refused for longer than the rest of this test takes, not for longer than its patience
        groq.script(model, rate_limited("TPM", "4.5s", 5), times=10)
    with ask_and_wait(server, client_id, mouth):
        wait_for(lambda: waiting(server) == 1)
    wait_for(lambda: waiting(server) == 0, seconds=3)
    again = server.ask(client_id, "Is anybody else there?", session_id="left")
    assert again["new_session"] is False
    stored = server.http.get("/api/v1/sessions/left/messages").json()
    assert [message["content"] for message in stored][:2] == ["How heavy?", "Is anybody else there?"]


@contextmanager
def ask_and_wait(server: RunningServer, client_id: str, mouth: str) -> Iterator[None]:
    """A question that waits for its answer as long as the context lasts."""
    question = {"message": "How heavy?", "session_id": "left"}
    if mouth == "websocket":
        with connect(f"ws://127.0.0.1:{server.port}/api/v1/chat/ws/{client_id}") as socket:
            socket.send(json.dumps(question))
            yield
        return
    body = json.dumps(question | {"client_id": client_id})
    head = ["POST /api/v1/chat/stream HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    request = "\r\n".join([*head, f"Content-Length: {len(body)}", "", body])
    with closing(create_connection(("127.0.0.1", server.port))) as line:
        line.sendall(request.encode())
        yield


def waiting(server: RunningServer) -> float:
    found = re.search(r"^rag_questions_waiting (\S+)", server.http.get("/metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_a_turn_and_its_follow_ups_stay_small_and_use_the_providers_cache(
    server: RunningServer, groq: GroqStandIn
) -> None:
    client_id = server.new_client(("cranes.txt", TEXT))
    first = server.ask(client_id, "How many tonnes does crane 1.50 lift?", session_id="long")
    assert first["usage"]["llm_calls"] == 1
    assert first["usage"]["prompt_tokens"] <= 1_800
    assert first["model"] == MODELS[0]
    for number in range(5):
        asked = set(groq.asked)
        later = server.ask(client_id, f"And crane 2.{80 + number}, when is it checked?", session_id="long")
        assert later["usage"]["llm_calls"] == 1
        # A sibling that is asked for the first time, because of the quota, has nothing in its cache.
        assert later["usage"]["cached_tokens"] > 0 or later["model"] not in asked
        assert later["usage"]["prompt_tokens"] <= 2_300
        assert later["model"] == MODELS[0] or number > 0
    for answer, prompt in ((first, groq.prompts[0]), (later, groq.prompts[-1])):
        assert all(source["content"] in prompt for source in answer["sources"])
        assert prompt.count("<passage ") == len(answer["sources"])


def test_a_kill_does_not_forget_what_the_day_has_cost(server: RunningServer) -> None:
    client_id = server.new_client(("cranes.txt", TEXT))
    spent = sum(
        answer["usage"]["prompt_tokens"] - answer["usage"]["cached_tokens"] + answer["usage"]["completion_tokens"]
        for answer in (server.ask(client_id, f"How heavy is crane {n}.{n}?", session_id=str(n)) for n in range(3))
    )
    before = left(server, MODELS[0], "TPD")
    assert before <= 200_000 - spent + 200
    server.kill()
    server.start()
    assert left(server, MODELS[0], "TPD") <= before + 200
