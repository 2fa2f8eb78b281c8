"""The stand-in is trusted by every other test, so it is held to the live service's manners here."""

import json
from collections.abc import Iterator
from typing import Any

import groq_turns as turns
import httpx
import pytest
from groq_stand_in import MODELS, GroqStandIn

BIG = MODELS[0]
PROMPT = (
    '<passage number="1" file="a.txt">\nThe fan is small.\n</passage>\n'
    '<passage number="2" file="b.txt">\nThe pump lasts 20 years. It is loud.\n</passage>\n\n'
    "Question: How many years does the pump last?"
)


@pytest.fixture
def http(groq: GroqStandIn) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=groq.url, headers={"Authorization": "Bearer gsk_test"}, timeout=10) as client:
        yield client


def ask(http: httpx.Client, content: str = PROMPT, **more: Any) -> httpx.Response:
    body = {"model": BIG, "messages": [{"role": "user", "content": content}], **more}
    return http.post("/openai/v1/chat/completions", json=body)


def events(response: httpx.Response) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_it_answers_from_the_passage_that_fits_the_question(http: httpx.Client) -> None:
    answer = ask(http).json()
    assert answer["choices"][0]["message"]["content"] == "Answer: The pump lasts 20 years. [2]"
    assert answer["usage"]["prompt_tokens"] == -(-len(f"<user>{PROMPT}") // 4)


def test_a_stream_has_the_shape_of_the_live_one(http: httpx.Client) -> None:
    response = ask(http, stream=True)
    first, *words, last = events(response)
    assert response.headers["content-type"] == "text/event-stream"
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(word["choices"][0]["delta"]["content"] for word in words) == "Answer: The pump lasts 20 years. [2]"
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "stop")
    assert last["usage"] == last["x_groq"]["usage"]


def test_rate_limit_headers_come_with_every_answer(http: httpx.Client) -> None:
    headers = ask(http).headers
    assert headers["x-ratelimit-limit-requests"] == "1000"
    assert headers["x-ratelimit-remaining-requests"] == "999"
    assert headers["x-ratelimit-reset-requests"] == "1m26.4s"
    assert headers["x-ratelimit-reset-tokens"].endswith("ms")


def test_a_prefix_asked_before_is_cached_in_whole_blocks_model_by_model(http: httpx.Client) -> None:
    def cached(content: str, model: str = BIG) -> int:
        usage = ask(http, content, model=model).json()["usage"]
        return int(usage["prompt_tokens_details"]["cached_tokens"])

    shared = "x" * 1200
    assert cached(shared + "one") == 0
    assert cached(shared + "two") == 256
    assert cached("y" + shared) == 0
    assert cached(shared + "three", MODELS[1]) == 0


def test_without_a_key_it_refuses_unless_told_not_to(groq: GroqStandIn) -> None:
    assert httpx.get(f"{groq.url}/openai/v1/models").status_code == 401
    with GroqStandIn(needs_key=False) as open_to_all:
        assert httpx.get(f"{open_to_all.url}/openai/v1/models").status_code == 200


def test_a_model_it_does_not_have_is_gone(http: httpx.Client, groq: GroqStandIn) -> None:
    response = ask(http, model="llama-3.3-70b-versatile")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")
    assert groq.asked == ["llama-3.3-70b-versatile"]


def test_an_unknown_address_is_named(http: httpx.Client) -> None:
    response = http.get("/openai/v1/openai/v1/models")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_url")


@pytest.mark.parametrize(
    "body",
    [
        {"reasoning_effort": "none"},
        {"reasoning_format": None, "include_reasoning": False},
        {"messages": [{"role": "user", "content": "Hi", "name": "ada"}]},
    ],
)
def test_a_body_that_the_live_service_refuses_is_refused(http: httpx.Client, body: dict[str, Any]) -> None:
    assert ask(http, **body).status_code == 400


def test_scripts_are_played_in_order_and_then_forgotten(http: httpx.Client, groq: GroqStandIn) -> None:
    groq.script(BIG, turns.over_capacity(), times=2)
    groq.script("*", turns.rate_limited("RPM", "2s", 2))
    assert [ask(http).status_code for _ in range(4)] == [503, 503, 429, 200]
    assert groq.prompts[0] == f"<user>{PROMPT}"
    groq.reset()
    assert groq.requests == []


@pytest.mark.parametrize("turn", [turns.reset_before(), turns.reset_midway(2)])
def test_a_reset_is_a_reset(http: httpx.Client, groq: GroqStandIn, turn: turns.Turn) -> None:
    groq.script(BIG, turn)
    with pytest.raises(httpx.ReadError):
        ask(http, stream=True)
    assert ask(http).status_code == 200


def test_a_port_that_is_taken_is_told(groq: GroqStandIn) -> None:
    port = int(groq.url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match=str(port)), GroqStandIn(port=port):
        pass
