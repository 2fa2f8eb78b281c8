"""How much each caller may ask, said on every answer and held."""

import re
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversational_rag.errors import TooManyRequests
from conversational_rag.exception_handlers import refuse
from conversational_rag.middleware.connection import STARTS, address_of
from conversational_rag.middleware.pages import is_file
from conversational_rag.security.caller_limits import CallerLimits, Standing, counted_as

# It does nothing, and whoever asks it must not be kept waiting by others behind the same address.
_UNCOUNTED = frozenset({"/healthz"})
_UPLOADS = frozenset({"/api/v1/ingest/", "/api/v1/ingest/url"})
_STREAMS = re.compile(r"/api/v1/(chat/stream|ingest/jobs/[^/]+/events)\Z")


class CallerLimiting:
    """Counts requests, uploads and streams of each caller, and refuses what is too much. A connection is a stream."""

    def __init__(self, app: ASGIApp, *, is_open: bool) -> None:
        self._app, self._is_open = app, is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        # A WebSocket's caller may turn out to be another one: see `hand_over`.
        caller = scope["state"]["counted_as"] = self._caller(scope)
        if caller is None:
            await self._app(scope, receive, send)
            return
        limits: CallerLimits = scope["app"].state.resources.caller_limits
        counted = await limits.count(caller, upload=_is_upload(scope))
        if counted.standings:
            send = _with_headers(send, counted.standings)
        if counted.refusal is not None:
            await refuse(counted.refusal, scope, receive, send)
        elif _is_stream(scope):
            await self._follow(limits, caller, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> str | None:
        if scope["path"] in _UNCOUNTED or is_file(scope):
            return None
        return counted_as(scope["state"]["principal"], address_of(scope), is_open=self._is_open)

    async def _follow(self, limits: CallerLimits, caller: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            limits.begin_stream(caller)
        except TooManyRequests as error:
            await refuse(error, scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            limits.end_stream(scope["state"]["counted_as"])


def _is_upload(scope: Scope) -> bool:
    return scope.get("method") == "POST" and scope["path"] in _UPLOADS


def _is_stream(scope: Scope) -> bool:
    return scope["type"] == "websocket" or _STREAMS.match(scope["path"]) is not None


def _with_headers(send: Send, standings: Iterable[Standing]) -> Send:
    """Says where the caller stands as draft-ietf-httpapi-ratelimit-headers-10 writes it."""
    policies = ", ".join(f'"{each.name}";q={each.most};w={each.window_seconds}' for each in standings)
    left = ", ".join(f'"{each.name}";r={each.left};t={each.reset_seconds}' for each in standings)

    async def send_with_headers(message: Message) -> None:
        if message["type"] in STARTS:
            headers = MutableHeaders(scope=message)
            headers["RateLimit-Policy"], headers["RateLimit"] = policies, left
        await send(message)

    return send_with_headers
