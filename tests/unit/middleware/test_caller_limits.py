"""Each answer says where its caller stands; what is too much is refused, and a stream counts until it has ended."""

import asyncio
from typing import Any

import pytest
from asgi_exchange import Answer, exchange, greet
from starlette.types import ASGIApp, Receive, Scope, Send

from conversational_rag.middleware.caller_limits import CallerLimiting
from conversational_rag.security.caller_limits import Allowance, CallerLimits
from conversational_rag.security.principals import ANYBODY, Principal
from conversational_rag.security.principals import Scope as KeyScope

KEY = Principal(KeyScope.MANAGE, key_id="abc")
STREAM, EVENTS, SOCKET = "/api/v1/chat/stream", "/api/v1/ingest/jobs/job_1/events", "/api/v1/chat/ws/acme"


def limits(requests: int = 0, uploads: int = 0, streams: int = 0) -> CallerLimits:
    return CallerLimits(Allowance(requests, uploads, streams))


async def ask(
    counted: CallerLimits,
    method: str = "GET",
    path: str = "/api/v1/sessions/list",
    *,
    principal: Principal | None = KEY,
    app: ASGIApp = greet,
    is_open: bool = False,
    **scope: Any,
) -> Answer:
    return await exchange(
        CallerLimiting(app, is_open=is_open),
        method,
        path,
        resources={"caller_limits": counted},
        state={"principal": principal},
        **scope,
    )


async def test_an_answer_says_what_is_left() -> None:
    answer = await ask(limits(requests=600))
    assert answer.headers["RateLimit-Policy"] == '"requests";q=600;w=60'
    name, left, seconds = answer.headers["RateLimit"].split(";")
    assert (name, left) == ('"requests"', "r=599")
    assert 1 <= int(seconds.removeprefix("t=")) <= 60


async def test_an_upload_names_both_limits() -> None:
    for path in ("/api/v1/ingest/", "/api/v1/ingest/url"):
        headers = (await ask(limits(requests=600, uploads=300), "POST", path)).headers
        assert headers["RateLimit-Policy"] == '"requests";q=600;w=60, "uploads";q=300;w=3600'
        assert headers["RateLimit"].count('";r=') == 2
    for method, path in (
        ("GET", "/api/v1/ingest/jobs/1"),
        ("DELETE", "/api/v1/ingest/jobs/1"),
        ("POST", "/api/v1/chat/"),
    ):
        assert "uploads" not in (await ask(limits(requests=600, uploads=300), method, path)).headers["RateLimit"]


async def test_too_much_is_refused_with_the_time_to_wait() -> None:
    counted = limits(requests=1)
    await ask(counted)
    refused = await ask(counted)
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert refused.headers["RateLimit"] == f'"requests";r=0;t={refused.headers["Retry-After"]}'
    assert 1 <= int(refused.headers["Retry-After"]) <= 61


async def test_without_limits_nothing_is_said() -> None:
    assert "RateLimit" not in (await ask(limits())).headers


async def test_while_the_service_is_open_this_machine_asks_as_much_as_it_likes() -> None:
    counted = limits(requests=1)
    for _ in range(3):
        answer = await ask(counted, principal=ANYBODY, is_open=True)
        assert (answer.status, "RateLimit" in answer.headers) == (200, False)
    away = {"principal": ANYBODY, "is_open": True, "client": ("192.0.2.1", 5000)}
    assert [(await ask(counted, **away)).status for _ in range(2)] == [200, 429]


async def test_a_stranger_counts_by_his_address_and_a_key_by_itself() -> None:
    counted = limits(requests=1)
    for address in ("192.0.2.1", "192.0.2.2"):
        assert (await ask(counted, principal=None, client=(address, 1))).status == 200
    assert (await ask(counted, principal=None, client=("192.0.2.1", 2))).status == 429
    assert (await ask(counted, client=("192.0.2.1", 2))).status == 200
    assert (await ask(counted, client=("192.0.2.3", 2))).status == 429


async def test_whether_it_lives_may_be_asked_at_any_time() -> None:
    counted = limits(requests=1)
    for _ in range(3):
        assert (await ask(counted, path="/healthz", principal=None)).status == 200


class Following:
    """An application whose answers go on until they are told to end."""

    def __init__(self) -> None:
        self.begun, self.end = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun.set()
        await self.end.wait()
        await greet(scope, receive, send)


@pytest.mark.parametrize(
    ("method", "path", "kind"), [("POST", STREAM, "http"), ("GET", EVENTS, "http"), ("GET", SOCKET, "websocket")]
)
async def test_a_stream_counts_until_it_has_ended(method: str, path: str, kind: str) -> None:
    counted, app = limits(streams=1), Following()
    first = asyncio.create_task(ask(counted, method, path, app=app, type=kind))
    await app.begun.wait()
    refused = await ask(counted, method, path, type=kind)
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert (await ask(counted)).status == 200, "what is no stream goes on"
    app.end.set()
    await first
    assert (await ask(counted, "POST", STREAM)).status == 200


async def test_a_stream_whose_reader_leaves_has_ended() -> None:
    counted, app = limits(streams=1), Following()
    left = asyncio.create_task(ask(counted, "POST", STREAM, app=app))
    await app.begun.wait()
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    assert (await ask(counted, "POST", STREAM)).status == 200


async def test_a_stream_that_fails_has_ended() -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionResetError

    counted = limits(streams=1)
    for _ in range(3):
        with pytest.raises(ConnectionResetError):
            await ask(counted, "POST", STREAM, app=fail)
    assert (await ask(counted, "POST", STREAM)).status == 200


async def test_a_connection_that_shows_its_key_later_counts_for_the_key_from_then_on() -> None:
    counted = limits(streams=1)

    async def authenticate(scope: Scope, receive: Receive, send: Send) -> None:
        counted.hand_over(scope["state"]["counted_as"], "key abc")
        scope["state"]["counted_as"] = "key abc"
        assert (await ask(counted, "POST", STREAM)).status == 429
        assert (await ask(counted, "POST", STREAM, principal=None)).status == 200
        await greet(scope, receive, send)

    await ask(counted, path=SOCKET, type="websocket", principal=None, app=authenticate)
    assert (await ask(counted, "POST", STREAM)).status == 200
    assert counted._streams == {}
