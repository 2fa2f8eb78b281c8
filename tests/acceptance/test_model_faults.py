"""What a caller sees when the model is gone, refuses, breaks off, or is left alone in the middle of its answer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import groq_turns as turns
import pytest
from groq_prompts import count_tokens
from groq_stand_in import GroqStandIn
from groq_turns import Answer, Turn, gone, over_capacity, rate_limited, reset_midway, slow
from running_server import RunningServer
from waiting import wait_for

MODELS = ("openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.8-27b")
TEXT = ("rivers.txt", b"The river Moldau flows through Prague. The river Elbe flows through Dresden.")
QUESTION = "Which river flows through Prague?"


@pytest.fixture
def groq() -> Iterator[GroqStandIn]:
    with GroqStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def server(tmp_path: Path, groq: GroqStandIn) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url) as running:
        yield running


def stream(server: RunningServer, client_id: str, session_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    body = {"client_id": client_id, "message": QUESTION, "session_id": session_id}
    with server.http.stream("POST", "/api/v1/chat/stream", json=body) as response:
        name = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


def counted_calls(server: RunningServer) -> float:
    calls = re.findall(r"^rag_llm_calls_total\{.*\} (\S+)", server.http.get("/metrics").text, re.MULTILINE)
    return sum(map(float, calls))


def messages(server: RunningServer, session_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.http.get(f"/api/v1/sessions/{session_id}/messages").json()
    return found


@pytest.mark.parametrize("status", [404, 400])
def test_a_model_that_is_gone_is_replaced_and_not_asked_again(
    server: RunningServer, groq: GroqStandIn, status: int
) -> None:
    groq.script(MODELS[0], gone(status), times=10)
    client_id = server.new_client(TEXT)
    answers = [server.ask(client_id, f"{QUESTION} Attempt {number}.") for number in range(3)]
    assert [answer["model"] for answer in answers] == [MODELS[1]] * 3
    assert [answer["usage"]["llm_calls"] for answer in answers] == [1] * 3
    assert [answer["degraded"] for answer in answers] == [False] * 3
    assert groq.asked.count(MODELS[0]) == 1


def test_no_quota_anywhere_means_quotes_and_a_time_to_come_again(server: RunningServer, groq: GroqStandIn) -> None:
    for model in MODELS:
        groq.script(model, rate_limited("TPD", "3m33.84s", 214), times=10)
    client_id = server.new_client(TEXT)
    answer = server.ask(client_id, QUESTION)
    assert (answer["degraded"], answer["model"]) == (True, "extractive")
    assert "The river Moldau flows through Prague." in answer["response"]
    assert 200 <= answer["retry_after"] <= 215
    assert "org_" not in json.dumps(answer)
    metrics = server.http.get("/metrics").text
    refused = float(groq.asked.count(MODELS[0]))  # once whole, and once with a prompt that the told level had room for
    assert f'rag_llm_refusals_total{{code="rate_limited",model="openai/gpt-oss-120b"}} {refused}' in metrics
    assert 'rag_quota_left{bucket="TPD",model="openai/gpt-oss-120b"}' in metrics
    assert "rag_quota_wait_seconds_count" in metrics
    ready = server.http.get("/readyz").json()
    assert ready["status"] == "ready"
    assert ready["dependencies"]["language_model"]["status"] == "degraded"


def test_an_overloaded_model_costs_no_answer(server: RunningServer, groq: GroqStandIn) -> None:
    groq.script(MODELS[0], over_capacity(), times=10)
    answer = server.ask(server.new_client(TEXT), QUESTION)
    assert (answer["degraded"], answer["model"]) == (False, MODELS[1])


TEXT_THAT_BREAKS = "The river Moldau flows there, I think."
BREAKS = {
    "reset": (reset_midway(3, TEXT_THAT_BREAKS), "model_unreachable"),
    "no-finish": (turns.no_finish(TEXT_THAT_BREAKS), "bad_generation"),
    "error-event": (turns.error_event(3, None, TEXT_THAT_BREAKS), "bad_generation"),
    "early-stop": (turns.early_stop(3), "bad_generation"),
    "silence": (turns.hang_midway(3, TEXT_THAT_BREAKS), "model_unreachable"),
}


def test_a_stream_that_breaks_ends_in_error_and_its_part_is_kept(tmp_path: Path, groq: GroqStandIn) -> None:
    settings = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url, "LLM_TIMEOUT": "1"}
    with RunningServer(tmp_path, **settings) as server:
        client_id = server.new_client(TEXT)
        for session_id, (fault, code) in BREAKS.items():
            groq.script(MODELS[0], fault)
            events = list(stream(server, client_id, session_id))
            names = [name for name, _ in events]
            assert (names[0], set(names[1:-1]), names[-1]) == ("start", {"delta"}, "error"), session_id
            assert (events[-1][1]["code"], "org_" in str(events)) == (code, False), session_id
            said = "".join(data["text"] for name, data in events if name == "delta")
            wait_for(lambda: len(messages(server, session_id)) == 2)  # noqa: B023 called in this round
            stored = messages(server, session_id)
            assert (stored[1]["content"], stored[1]["status"]) == (said, "partial"), session_id
        again = server.ask(client_id, QUESTION, session_id="reset")
        assert (again["degraded"], again["new_session"]) == (False, False)


BEFORE_THE_FIRST_WORD: list[tuple[Turn, int]] = [  # and how often the first model meets it
    (turns.rate_limited("RPM", "2s", 2), 1),
    (turns.rate_limited("TPM"), 1),
    (turns.rate_limited("TPD", "3m33.84s", 214), 1),
    (turns.rate_limited("RPD", "1m26.4s", 87), 1),
    (turns.output_too_large(), 2),
    (turns.too_large(), 2),
    (turns.gone(404), 1),
    (turns.gone(400), 1),
    (turns.blocked(), 1),
    (turns.forbidden_html(), 2),
    (turns.server_error(500), 2),
    (turns.server_error(502), 2),
    (turns.over_capacity(), 2),
    (turns.hang(), 2),
    (turns.reset_before(), 2),
    (turns.reset_midway(0), 2),
    (turns.no_finish(""), 1),
    (turns.error_event(0), 1),
    (turns.empty_length(), 1),
]


def test_no_fault_before_the_first_word_reaches_a_caller(tmp_path: Path) -> None:
    names = tuple(f"vendor/model-{number}" for number in range(len(BEFORE_THE_FIRST_WORD) + 2))
    with GroqStandIn(models=names) as groq:
        settings = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url, "LLM_TIMEOUT": "1", "LLM_MAX_WAIT": "10"}
        models = {"MODEL_NAME": names[0], "FALLBACK_MODELS": ",".join(names[1:])}
        with RunningServer(tmp_path, **settings, **models) as server:
            client_id = server.new_client(TEXT)
            for number, (fault, times) in enumerate(BEFORE_THE_FIRST_WORD):
                asked_before = len(groq.asked)
                groq.script("*", fault, times)
                answer = server.ask(client_id, f"{QUESTION} Attempt {number}.")
                assert not answer["degraded"], fault
                assert "Moldau" in answer["response"], fault
                assert len(groq.asked) == asked_before + times + 1, fault
                assert answer["model"] == groq.asked[-1] != groq.asked[asked_before], fault
            groq.script("*", turns.key_refused())
            answer = server.ask(client_id, f"{QUESTION} Without a key.")
            assert (answer["degraded"], answer["model"]) == (True, "extractive")
            assert server.http.get("/readyz").json()["dependencies"]["language_model"]["status"] == "degraded"


def test_a_broken_answer_that_nobody_watches_is_answered_all_the_same(server: RunningServer, groq: GroqStandIn) -> None:
    groq.script(MODELS[0], reset_midway(3))
    answer = server.ask(server.new_client(TEXT), QUESTION, session_id="unseen")
    assert "Moldau" in answer["response"]
    assert [message["status"] for message in messages(server, "unseen")] == ["complete", "complete"]


def test_a_reader_who_leaves_frees_the_provider_and_finds_what_was_said(
    server: RunningServer, groq: GroqStandIn
) -> None:
    groq.script(MODELS[0], slow(400, 0.05))
    client_id = server.new_client(TEXT)
    heard = []
    for name, data in stream(server, client_id, "left"):
        heard.append(data.get("text", ""))
        if name == "delta" and len(heard) > 5:
            break
    wait_for(lambda: groq.connections_open == 0)
    wait_for(lambda: len(messages(server, "left")) == 2)
    stored = messages(server, "left")[1]
    assert stored["status"] == "partial"
    assert stored["content"].startswith("".join(heard))
    assert server.ask(client_id, QUESTION, session_id="left")["new_session"] is False


def test_a_kill_in_the_middle_of_an_answer_loses_no_question(server: RunningServer, groq: GroqStandIn) -> None:
    groq.script(MODELS[0], slow(400, 0.05))
    client_id = server.new_client(TEXT)
    events = stream(server, client_id, "killed")
    for name, _ in events:
        if name == "delta":
            server.kill()
            break
    events.close()  # type: ignore[attr-defined]
    server.start()
    assert [message["content"] for message in messages(server, "killed")] == [QUESTION]
    groq.script(MODELS[0], Answer("The Moldau [1]."))
    again = server.ask(client_id, QUESTION, session_id="killed")
    assert again["new_session"] is False
    assert [message["role"] for message in messages(server, "killed")] == ["user", "assistant"]


def test_the_summary_is_made_rarely_and_goes_with_the_next_question(tmp_path: Path, groq: GroqStandIn) -> None:
    settings = {"MEMORY_TYPE": "summary", "MAX_TOKEN_LIMIT": "200"}
    with RunningServer(tmp_path, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url, **settings) as server:
        client_id = server.new_client(TEXT)
        for number in range(8):
            server.ask(
                client_id, f"Question number {number}: which river flows through Prague? " * 2, session_id="long"
            )
        summaries = sum("Summarise this conversation" in prompt for prompt in groq.prompts)
        assert 1 <= summaries <= 4
        assert len(groq.chats) == 8 + summaries
        wait_for(lambda: counted_calls(server) == 8 + summaries)
        (own,) = server.http.get("/api/v1/usage", params={"client_id": client_id}).json()["clients"]
        spent = own["last_24_hours"]
        assert (spent["answers"], spent["llm_calls"]) == (8, 8 + summaries)
        assert spent["prompt_tokens"] == sum(count_tokens(prompt) for prompt in groq.prompts)
        assert any("in short" in prompt and "Question number 7" in prompt for prompt in groq.prompts)
        assert len(messages(server, "long")) == 16
