"""One stream of events, two mouths: server-sent events and WebSocket frames, in the same words.

Whoever leaves ends the turn at once, also while it waits for quota: his place in the line is the next one's.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from conversational_rag.exception_handlers import problem, translate
from conversational_rag.rag.events import Said
from conversational_rag.schemas.chat import ChatAnswer
from conversational_rag.services.chat_events import ChatEvent, End, Start
from conversational_rag.services.sources import source, sources

# Said to proxies that would otherwise hold the stream back.
SSE_HEADERS = {"X-Accel-Buffering": "no"}
SSE_TYPE = "text/event-stream"
# Proxies cut connections on which nothing is said for 30 to 60 seconds; a question may wait that long for quota.
# On a WebSocket the server's own pings, every 20 seconds, do the same.
KEEP_ALIVE_SECONDS = 15.0
KEEP_ALIVE = b": keep-alive\n\n"

Events = AsyncGenerator[ChatEvent, None]

# Built once: `json.dumps` with options builds an encoder for every word.
_as_json = json.JSONEncoder(ensure_ascii=False).encode


def answer(end: End) -> ChatAnswer:
    """The whole answer as the chat endpoint gives it."""
    answered = end.answered
    return ChatAnswer.model_validate(
        {
            "response": answered.text,
            "session_id": end.session_id,
            "client_id": end.tenant.client_id,
            "message_id": end.message_id,
            "memory_used": end.memory_used,
            "new_session": end.new_session,
            "sources": sources(answered),
            "model": answered.model,
            "degraded": answered.degraded,
            "cached": answered.cached,
            "retry_after": answered.retry_after,
            "usage": answered.usage,
        }
    )


def described(event: ChatEvent) -> tuple[str, dict[str, Any]]:
    """An event's name and its data."""
    if isinstance(event, Said):
        return "delta", {"text": event.text}
    if isinstance(event, Start):
        return "start", {
            "session_id": event.session_id,
            "client_id": event.tenant.client_id,
            "sources": [source(passage) for passage in event.passages],
            "model": event.model,
        }
    return "end", answer(event).model_dump()


def sse(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {_as_json(data)}\n\n".encode()


class EventStream(Response):
    """The stream as server-sent events; its last one is `end` or `error`.

    A fault before the first event is raised as it is, to become an ordinary HTTP error. When the first event does not
    come for `keep_alive_seconds`, a comment is sent, and again; from then on a fault can only be an event.
    """

    media_type = SSE_TYPE

    def __init__(
        self,
        events: AsyncGenerator[Any, None],
        request_id: str,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
        encode: Callable[[Any], bytes] | None = None,
    ) -> None:
        """`encode` writes an event out, see `sse`; without it they are those of a chat."""
        # Not the base's: it would announce the length of a body that it has.
        self.status_code, self.background = 200, None
        self.init_headers(SSE_HEADERS)
        self._events, self._request_id, self._keep_alive_seconds = events, request_id, keep_alive_seconds
        self._encode = encode or _chat_event
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 ASGI's signature
        """ASGI."""
        await until_left(self._talk(send), _disconnected(receive))

    async def _talk(self, send: Send) -> None:
        async with aclosing(self._events) as events:
            try:
                await self._send(send, self._encode(await self._first(events, send)))
                async for event in events:
                    await self._send(send, self._encode(event))
            except Exception as error:
                if not self._begun:
                    raise
                # The status is out: what is wrong can only be said in the stream.
                await self._send(send, sse("error", problem(translate(error), self._request_id)))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _first(self, events: AsyncGenerator[Any, None], send: Send) -> Any:
        first = asyncio.ensure_future(anext(events))
        try:
            while not first.done():
                await asyncio.wait((first,), timeout=self._keep_alive_seconds)
                if not first.done():
                    await self._send(send, KEEP_ALIVE)
            return first.result()
        finally:
            await _stop(first)

    async def _send(self, send: Send, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def until_left(work: Coroutine[Any, Any, None], leaving: Coroutine[Any, Any, None]) -> None:
    """Do the work, and raise what it raises; it is cancelled when `leaving` returns first."""
    working, left = asyncio.create_task(work), asyncio.create_task(leaving)
    try:
        await asyncio.wait((working, left), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _stop(working, left)
    if not working.cancelled():
        working.result()


async def as_frames(events: Events, request_id: str) -> AsyncGenerator[dict[str, Any], None]:
    """The stream as WebSocket frames; its last one is `end` or `error`."""
    async with aclosing(events):
        try:
            async for event in events:
                name, data = described(event)
                yield {"type": name, **data}
        except Exception as error:  # noqa: BLE001 the connection outlives a question that failed
            yield error_frame(error, request_id)


def error_frame(error: Exception, request_id: str) -> dict[str, Any]:
    """A problem as a frame: `type` is the frame's, the problem's own says no more than its `code`."""
    return {**problem(translate(error), request_id), "type": "error"}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stop(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what still runs, and wait until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _chat_event(event: ChatEvent) -> bytes:
    return sse(*described(event))
