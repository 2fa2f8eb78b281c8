"""Requests are counted by the addresses that are declared, whatever is asked for."""

import pytest
from asgi_exchange import exchange, greet
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from conversational_rag.middleware.request_counting import RequestCounting
from conversational_rag.observability.request_metrics import RequestMetrics


class Counted:
    """An application, and what was counted of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.registry = CollectorRegistry()
        self.app = RequestCounting(app, RequestMetrics(self.registry))

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


class Route:
    """Answers as a route does, which says that it was reached."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        self.path, self._app = path, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        await self._app(scope, receive, send)


async def test_a_request_is_counted_by_its_declared_address_and_not_by_the_one_asked_for() -> None:
    counted = Counted(Route("/sessions/{session_id}/info", PlainTextResponse("hello")))
    await exchange(counted.app, "PUT", "/sessions/secret/info", headers={"Content-Length": "12"})
    handler = "/sessions/{session_id}/info"
    assert counted.value("http_requests_total", method="PUT", status="2xx", handler=handler) == 1
    assert counted.value("http_request_size_bytes_sum", handler=handler) == 12
    assert counted.value("http_response_size_bytes_sum", handler=handler) == len("hello")
    assert counted.value("http_request_duration_seconds_count", method="PUT", handler=handler) == 1
    assert counted.value("http_request_duration_highr_seconds_count") == 1


async def test_what_announces_no_length_has_none() -> None:
    counted = Counted(Route("/", greet))
    await exchange(counted.app)
    assert counted.value("http_request_size_bytes_sum", handler="/") == 0
    assert counted.value("http_response_size_bytes_sum", handler="/") == 0


async def test_what_no_route_is_for_is_counted_together() -> None:
    counted = Counted(Starlette())
    for path in ("/wp-login.php", "/.env"):
        await exchange(counted.app, path=path)
    assert counted.value("http_requests_total", method="GET", status="4xx", handler="none") == 2


async def test_a_route_of_the_framework_itself_is_counted_by_its_address() -> None:
    app = Starlette()
    app.add_route("/openapi.json", lambda _: PlainTextResponse("{}"))
    counted = Counted(app)
    await exchange(counted.app, path="/openapi.json")
    assert counted.value("http_requests_total", method="GET", status="2xx", handler="/openapi.json") == 1


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
async def test_what_machines_ask_all_the_time_is_not_counted(path: str) -> None:
    counted = Counted(Route(path, greet))
    await exchange(counted.app, path=path)
    assert counted.value("http_request_duration_highr_seconds_count") == 0


async def test_a_fault_that_nobody_answered_is_one_of_the_server() -> None:
    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    counted = Counted(Route("/", fail))
    with pytest.raises(RuntimeError):
        await exchange(counted.app)
    assert counted.value("http_requests_total", method="GET", status="5xx", handler="/") == 1


async def test_a_stream_is_timed_to_its_end() -> None:
    seen: list[float | None] = []

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"word", "more_body": True})
        seen.append(counted.value("http_request_duration_highr_seconds_count"))
        await send({"type": "http.response.body", "body": b""})

    counted = Counted(Route("/", stream))
    await exchange(counted.app)
    assert seen == [0]
    assert counted.value("http_request_duration_highr_seconds_count") == 1


async def test_a_connection_is_no_request() -> None:
    counted = Counted(Route("/", greet))
    assert (await exchange(counted.app, type="websocket")).messages == [{"type": "websocket.accept"}]
    assert counted.value("http_request_duration_highr_seconds_count") == 0
