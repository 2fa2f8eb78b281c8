"""One free key for a whole team: what callers of the running server see when its limits are enforced."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from groq_quota import FreePlan
from groq_stand_in import MODELS, GroqStandIn
from running_server import RunningServer

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
