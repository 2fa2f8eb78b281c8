"""Counts requests for the metrics."""

import time
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversational_rag.observability.request_metrics import RequestMetrics

# What no route is for, whatever it was.
_NO_HANDLER = "none"
# Asked all the time, by machines.
_UNCOUNTED = frozenset({"/metrics", "/healthz"})


class RequestCounting:
    """Counts each request that reaches the routes, when its answer has ended or its reader has left."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, response_bytes = time.perf_counter(), 500, 0

        async def send_noted(message: Message) -> None:
            nonlocal status, response_bytes
            if message["type"] == "http.response.start":
                status, response_bytes = message["status"], _length(message["headers"])
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            # The routes have said by now whose request it is.
            handler = _handler(scope)
            if handler not in _UNCOUNTED:
                self._metrics.count(
                    scope["method"],
                    handler,
                    status,
                    request_bytes=_length(scope["headers"]),
                    response_bytes=response_bytes,
                    seconds=time.perf_counter() - began,
                )


def _handler(scope: Scope) -> str:
    """The address as it is declared."""
    if (route := scope.get("route")) is not None:
        return str(route.path)
    # The framework's own routes say less, and have no parameters.
    return str(scope["path"]) if "endpoint" in scope else _NO_HANDLER


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """What is announced, 0 where nothing is."""
    return next((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), 0)
