"""One stream of events, two mouths: server-sent events and WebSocket frames, in the same words."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from conversational_rag.exception_handlers import problem, translate
from conversational_rag.rag.events import Said
from conversational_rag.schemas.chat import ChatAnswer
from conversational_rag.services.chat import ChatEvent, End, Start, source

# Said to proxies that would otherwise hold the stream back.
SSE_HEADERS = {"X-Accel-Buffering": "no"}
SSE_TYPE = "text/event-stream"

Events = AsyncGenerator[ChatEvent, None]


def answer(end: End) -> ChatAnswer:
    """The whole answer as the chat endpoint gives it."""
    answered = end.answered
    return ChatAnswer.model_validate(
        {
            "response": answered.text,
            "session_id": end.session_id,
            "client_id": end.tenant.client_id,
            "memory_used": end.memory_used,
            "new_session": end.new_session,
            "sources": [source(passage) for passage in answered.passages],
            "model": answered.model,
            "degraded": answered.degraded,
            "cached": answered.cached,
            "retry_after": answered.retry_after,
            "usage": asdict(answered.usage),
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


async def as_sse(start: ChatEvent, rest: Events, request_id: str) -> AsyncIterator[bytes]:
    """The stream as server-sent events; its last one is `end` or `error`."""
    yield _sse(*described(start))
    async with aclosing(rest):
        try:
            async for event in rest:
                yield _sse(*described(event))
        except Exception as error:  # noqa: BLE001 the status is out: what is wrong can only be said in the stream
            yield _sse("error", problem(translate(error), request_id))


async def as_frames(events: Events, request_id: str) -> AsyncIterator[dict[str, Any]]:
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


def _sse(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
