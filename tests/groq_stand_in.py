"""Groq on a loopback port: its two calls, its headers and its faults, for every test that needs a model.

    with GroqStandIn() as groq:
        groq.script("openai/gpt-oss-120b", rate_limited("TPM", "14.79s"), times=2)
        ...  # the product, with GROQ_API_BASE=groq.url
        assert groq.asked == ["openai/gpt-oss-120b", "openai/gpt-oss-20b"]

`python tests/groq_server.py --words 50 --delay 0.02` serves one from the shell.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from groq_prompts import CachedPrefixes, count_tokens, echo_answer, render_prompt
from groq_quota import FreePlan
from groq_turns import Answer, Refusal, Reset, Silence, Turn, filled_in, gone, key_refused
from groq_wire import chunk, completion, model_row, objection_to, rate_limit_headers, unknown_url
from loopback_http import Exchange, LoopbackServer
from waiting import until

MODELS = ("openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.8-27b")
_MOST_HELD_SECONDS = 120
_OTHER_MODELS = ("whisper-large-v3", "openai/gpt-oss-safeguard-20b", "meta-llama/llama-prompt-guard-2-86m")


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived; `headers` by lower-case name, `body` parsed (None without one)."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class GroqStandIn:
    """A context manager: the server runs inside it. `url` has no path.

    `models` can be changed; a model that is not in it is answered with 404. With a `plan` its limits are enforced on
    every call that is not scripted otherwise. `requests` records everything that came.
    `streams_open` counts answers under way, `connections_open` the TCP connections.
    """

    def __init__(
        self,
        models: tuple[str, ...] = MODELS,
        *,
        needs_key: bool = True,
        port: int = 0,
        plan: FreePlan | None = None,
    ) -> None:
        self.models = list(models)
        self.requests: list[Recorded] = []
        self.streams_open = 0
        self.default: Turn = Answer()
        self._needs_key, self._plan = needs_key, plan
        self._scripts: dict[str, deque[Turn]] = {}
        self._cached = CachedPrefixes()
        self._server = LoopbackServer(self._answer, port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def connections_open(self) -> int:
        return self._server.connections_open

    @property
    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the completions asked for, in order."""
        return [request.body for request in self.requests if request.path.endswith("/chat/completions")]

    @property
    def asked(self) -> list[str]:
        """The models asked, in order."""
        return [body["model"] for body in self.chats]

    @property
    def prompts(self) -> list[str]:
        """The whole text of each prompt, in order."""
        return [render_prompt(body["messages"]) for body in self.chats]

    def script(self, model: str, turn: Turn, times: int = 1) -> None:
        """What the next `times` requests for `model` get, behind what is scripted already.

        `*` stands for any model, `models` for the list of models (which takes a Refusal).
        """
        self._scripts.setdefault(model, deque()).extend([turn] * times)

    def reset(self) -> None:
        """Forget scripts, records and cached prefixes; models and connections stay."""
        self._scripts.clear()
        self.requests.clear()
        self._cached = CachedPrefixes()
        self.default = Answer()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    async def _answer(self, exchange: Exchange) -> None:
        body = json.loads(exchange.body) if exchange.body else None
        self.requests.append(Recorded(exchange.method, exchange.path, exchange.headers, body))
        if self._needs_key and not re.fullmatch(r"Bearer \S+", exchange.headers.get("authorization", "")):
            return _refuse(exchange, key_refused(), "")
        match exchange.method, exchange.path:
            case "GET", "/openai/v1/models":
                self._list(exchange)
            case "POST", "/openai/v1/chat/completions":
                await self._complete(exchange, body)
            case method, path:
                exchange.respond_json(404, unknown_url(method, path))
        return None

    def _list(self, exchange: Exchange) -> None:
        refusals = self._scripts.get("models")
        if refusals and isinstance(refusal := refusals.popleft(), Refusal):
            return _refuse(exchange, refusal, "")
        rows = [model_row(model) for model in (*self.models, *_OTHER_MODELS)]
        return exchange.respond_json(200, {"object": "list", "data": rows})

    async def _complete(self, exchange: Exchange, body: dict[str, Any]) -> None:
        model = body["model"]
        match self._next_turn(model):
            case Refusal() as refusal:
                _refuse(exchange, refusal, model)
            case Silence():
                await asyncio.Event().wait()
            case Reset():
                exchange.reset()
            case Answer() if (objection := objection_to(body)) is not None:
                _refuse(exchange, objection, model)
            case Answer() as answer:
                if (refusal := self._over_quota(body)) is not None:
                    return _refuse(exchange, refusal, model)
                await self._speak(exchange, body, answer)
        return None

    def _over_quota(self, body: dict[str, Any]) -> Refusal | None:
        if self._plan is None:
            return None
        prompt_tokens = count_tokens(render_prompt(body["messages"]))
        refusal = self._plan.admit(body["model"], prompt_tokens, body.get("max_tokens"))
        if refusal is None:
            return None
        return replace(refusal, headers=refusal.headers | self._plan.headers(body["model"]))

    def _next_turn(self, model: str) -> Turn:
        for name in (model, "*"):
            if self._scripts.get(name):
                return self._scripts[name].popleft()
        return self.default if model in self.models else gone(404)

    async def _speak(self, exchange: Exchange, body: dict[str, Any], answer: Answer) -> None:
        prompt = render_prompt(body["messages"])
        text = (answer.made_by or echo_answer)(body["messages"]) if answer.text is None else answer.text
        usage = self._usage(body["model"], prompt, text, answer.reasoning_tokens)
        limits = rate_limit_headers(usage, len(self.chats)) if self._plan is None else self._plan.headers(body["model"])
        headers = {**limits, "x-request-id": "req_stand_in"}
        self.streams_open += 1
        try:
            if body.get("stream"):
                exchange.begin({"content-type": "text/event-stream", "cache-control": "no-cache", **headers})
                await _stream(exchange, body["model"], text, answer, usage if answer.reports_usage else None)
            else:
                exchange.respond_json(200, completion(body["model"], text, answer.finish_reason, usage), headers)
        finally:
            self.streams_open -= 1
            if self._plan is not None:
                unused = (body.get("max_tokens") or 0) - usage["completion_tokens"]
                cached = usage["prompt_tokens_details"]["cached_tokens"]
                self._plan.settle(body["model"], cached, max(0, unused))

    def _usage(self, model: str, prompt: str, text: str, reasoning_tokens: int) -> dict[str, Any]:
        prompt_tokens, completion_tokens = count_tokens(prompt), count_tokens(text) + reasoning_tokens
        return {
            "queue_time": 0.001,
            "prompt_tokens": prompt_tokens,
            "prompt_time": 0.002,
            "completion_tokens": completion_tokens,
            "completion_time": 0.01,
            "total_tokens": prompt_tokens + completion_tokens,
            "total_time": 0.012,
            "prompt_tokens_details": {"cached_tokens": self._cached.count(model, prompt)},
            "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
        }


async def _stream(exchange: Exchange, model: str, text: str, answer: Answer, usage: dict[str, Any] | None) -> None:
    _send(exchange, chunk(model, {"role": "assistant", "content": ""}, x_groq={"id": "req_stand_in", "seed": 1}))
    for number, word in enumerate(_words(text)):
        if await _interrupted(exchange, answer, number):
            return
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        _send(exchange, chunk(model, {"content": word}))
    if await _interrupted(exchange, answer, None):
        return
    if answer.finish_reason is not None:
        extras: dict[str, Any] = {"x_groq": {"id": "req_stand_in"}}
        if usage is not None:
            extras = {"x_groq": {"id": "req_stand_in", "usage": usage}, "usage": usage}
        _send(exchange, chunk(model, {}, answer.finish_reason, **extras))
    exchange.write(b"data: [DONE]\n\n")
    exchange.end()


async def _interrupted(exchange: Exchange, answer: Answer, number: int | None) -> bool:
    """Whether the answer breaks here, before word `number` (None: after the last one)."""
    if answer.words_until_reset is not None and (number is None or number >= answer.words_until_reset):
        await asyncio.sleep(0.01)  # what was written must leave before the reset throws the rest away
        exchange.reset()
        return True
    if answer.words_until_silence is not None and (number is None or number >= answer.words_until_silence):
        await asyncio.Event().wait()
    if answer.held_after is not None and number == answer.held_after[0]:
        await until(answer.held_after[1].is_set, _MOST_HELD_SECONDS)
    if answer.event_after is not None and (number is None or number >= answer.event_after[0]):
        _send(exchange, answer.event_after[1])
        exchange.end()
        return True
    return False


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"\s*\S+|\s+", text)


def _send(exchange: Exchange, event: dict[str, Any]) -> None:
    exchange.write(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")


def _refuse(exchange: Exchange, refusal: Refusal, model: str) -> None:
    refusal = filled_in(refusal, model)
    if isinstance(refusal.body, str):
        exchange.respond(refusal.status, refusal.body.encode(), {"content-type": "text/html", **refusal.headers})
    else:
        exchange.respond_json(refusal.status, refusal.body, refusal.headers)
