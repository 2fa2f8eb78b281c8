"""The provider's completions over HTTP: who is asked how, and what becomes of answers that are none."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from groq_stand_in import GroqStandIn
from llm_parts import MESSAGES
from loopback_http import Exchange, LoopbackServer
from pydantic import SecretStr

from conversational_rag.errors import BadGeneration, ModelUnreachable
from conversational_rag.llm.base import Word
from conversational_rag.llm.completions import Completions, parsed
from conversational_rag.llm.groq import GroqChat

MODEL = "openai/gpt-oss-120b"


@contextmanager
def serving(answer: Callable[[Exchange], Awaitable[None]]) -> Iterator[str]:
    """The address of a server that answers so."""
    server = LoopbackServer(answer, 0)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def connected(address: str) -> GroqChat:
    return GroqChat.connect(SecretStr("gsk_test"), base_url=address, temperature=0.7, timeout_seconds=5)


async def said(chat: GroqChat) -> str:
    pieces = [piece async for piece in chat.stream_words(MESSAGES, model=MODEL)]
    return "".join(piece.text for piece in pieces if isinstance(piece, Word))


async def test_what_is_no_http_is_told_as_unreachable() -> None:
    async def greet_as_mail_server(exchange: Exchange) -> None:
        exchange.send(b"220 mail.example ESMTP\r\n\r\n")
        exchange.close()

    with serving(greet_as_mail_server) as address:
        chat = connected(address)
        with pytest.raises(ModelUnreachable, match="GROQ_API_BASE"):
            await said(chat)
        await chat.close()


async def test_a_closed_client_reaches_nobody(groq: GroqStandIn) -> None:
    chat = connected(groq.url)
    await chat.close()
    with pytest.raises(ModelUnreachable):
        await said(chat)


@pytest.mark.parametrize(("status", "error"), [(302, ModelUnreachable), (422, BadGeneration)])
async def test_whatever_is_no_success_is_a_refusal(status: int, error: type[Exception]) -> None:
    async def refuse(exchange: Exchange) -> None:
        exchange.respond(status, b"\xff elsewhere", {"location": "/elsewhere", "content-type": "text/html"})

    with serving(refuse) as address:
        chat = connected(address)
        with pytest.raises(error):
            await said(chat)
        await chat.close()


async def test_a_proxy_of_the_environment_is_asked(groq: GroqStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def stand_between(exchange: Exchange) -> None:
        seen.append(exchange.path)
        exchange.respond_json(200, {"choices": [{"message": {"content": "Two."}, "finish_reason": "stop"}]})

    with serving(stand_between) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        through, past = connected("http://groq.example"), connected(groq.url)
        assert await said(through) == "Two."
        assert await said(past) == "Answer: Pumps last long. [1]"
        for chat in (through, past):
            await chat.close()
    assert seen == ["http://groq.example/openai/v1/chat/completions"]
    assert len(groq.requests) == 1


async def test_no_cookie_of_the_provider_comes_back_to_it() -> None:
    sent: list[str | None] = []

    async def give_a_cookie(exchange: Exchange) -> None:
        sent.append(exchange.headers.get("cookie"))
        answer = {"choices": [{"message": {"content": "Two."}, "finish_reason": "stop"}]}
        exchange.respond_json(200, answer, {"set-cookie": "__cf_bm=1234; path=/"})

    with serving(give_a_cookie) as address:
        chat = connected(address)
        assert [await said(chat), await said(chat)] == ["Two.", "Two."]
        await chat.close()
    assert sent == [None, None]


async def test_a_client_of_the_callers_own_keeps_its_headers_and_its_hooks() -> None:
    heard: list[str] = []

    async def hear(request: httpx.Request) -> None:
        heard.append(request.headers["x-team"])

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept"] == "text/plain"
        return httpx.Response(200, content=request.content)

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(answer), headers={"X-Team": "harbour"}, event_hooks={"request": [hear]}
    ) as http:
        completions = Completions(
            http, httpx.URL("http://groq.example/"), {"Accept": "text/plain"}, httpx.Timeout(3, connect=1)
        )
        request = completions.request({"content": "caf\ud83dé"})
        response = await completions.send(request)
        assert await response.aread() == '{"content":"caf?é"}'.encode()
    assert heard == ["harbour"]
    assert request.url == "http://groq.example/openai/v1/chat/completions"
    assert request.extensions["timeout"] == {"connect": 1, "read": 3, "write": 3, "pool": 3}


@pytest.mark.parametrize(
    ("body", "meaning"),
    [(b' {"error": 1}\n', {"error": 1}), (b" bad gateway ", "bad gateway"), (b"", ""), (b"\xff", "�")],
)
def test_a_refusals_body_is_read_as_json_or_else_as_text(body: bytes, meaning: object) -> None:
    assert parsed(body) == meaning
