"""What a request carries from its first byte to its last: an id, and a line in the log."""

import re
import time
import uuid

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversational_rag.middleware.connection import STARTS, header
from conversational_rag.middleware.pages import is_file

REQUEST_ID = "X-Request-ID"
_SENT_NAME = REQUEST_ID.lower().encode()
_WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_UNLOGGED = frozenset({"/health", "/healthz", "/readyz", "/metrics"})
# A page's files: their own lines would hide the rest.
_SERVED = frozenset({200, 304})


class RequestContext:
    """Gives each request an id (its caller's, when well formed), binds it to the log and logs the outcome."""

    def __init__(self, app: ASGIApp) -> None:
        # Bound once: a logger of a module is bound anew for each line.
        self._app, self._log = app, structlog.get_logger("access").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in STARTS:
                status = message["status"]
                message["headers"] = [*message["headers"], (_SENT_NAME, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            if scope["path"] not in _UNLOGGED and not (status in _SERVED and is_file(scope)):
                # Never the query string: somebody may have put a key there.
                self._log.info(
                    "request",
                    method=scope.get("method", "WEBSOCKET"),
                    path=scope["path"],
                    status=status,
                    milliseconds=round((time.perf_counter() - started) * 1000, 1),
                )


def _request_id(scope: Scope) -> str:
    given = header(scope, _SENT_NAME) or ""
    return given if _WELL_FORMED_ID.match(given) else uuid.uuid4().hex
