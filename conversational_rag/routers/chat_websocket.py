"""WS /api/v1/chat/ws/{client_id}: many questions on one connection."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from fastapi import APIRouter, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from conversational_rag import streaming
from conversational_rag.dependencies import Resources, tenant_of_path
from conversational_rag.errors import ServiceError, Unauthenticated
from conversational_rag.exception_handlers import response
from conversational_rag.middleware.connection import address_of
from conversational_rag.middleware.origins import refusal_of_key
from conversational_rag.schemas.chat import ChatMessage, FirstFrame
from conversational_rag.security.caller_limits import counted_as
from conversational_rag.security.principals import ANYBODY, Principal
from conversational_rag.services.chat import Ask

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])

# Questions that a connection takes in while it answers another; then it stops reading.
_QUESTIONS_AHEAD = 8
_FIRST_FRAME_SECONDS = 10.0
_POLICY_VIOLATION = 1008


@dataclass(frozen=True, slots=True)
class _Talk:
    """An open connection. `verify` is asked before each question: the key may have been revoked meanwhile."""

    socket: WebSocket
    client_id: str
    resources: Resources
    verify: Callable[[], Awaitable[Principal]]

    @property
    def request_id(self) -> str:
        request_id: str = self.socket.state.request_id
        return request_id


@router.websocket("/ws/{client_id}", name="chat_websocket")
async def chat_websocket(socket: WebSocket, client_id: str, resources: Resources) -> None:
    """Each question is answered by start, delta …, then end or error. The key may come in a first frame."""
    try:
        if socket.state.principal is not None:
            await _require_searchable(socket.state.principal, client_id, resources)
    except ServiceError as error:
        await socket.send_denial_response(response(error, socket.state.request_id))
        return
    await socket.accept()
    with suppress(WebSocketDisconnect):
        verify = await _verification(socket, client_id, resources)
        if verify is not None:
            await _serve(_Talk(socket, client_id, resources, verify))


async def _serve(talk: _Talk) -> None:
    frames: asyncio.Queue[str | bytes] = asyncio.Queue(_QUESTIONS_AHEAD)
    await streaming.until_left(_answer_all(talk, frames), _listen(talk.socket, frames))


async def _verification(
    socket: WebSocket, client_id: str, resources: Resources
) -> Callable[[], Awaitable[Principal]] | None:
    """How to see whether the caller may still ask; None when he may not, and has been told so."""
    if socket.state.principal is ANYBODY:
        return _anybody
    if socket.state.principal is not None:
        verify: Callable[[], Awaitable[Principal]] = socket.state.verify
        return verify
    try:
        async with asyncio.timeout(_FIRST_FRAME_SECONDS):
            key = FirstFrame.model_validate_json(await socket.receive_text()).key
        principal = await resources.wrong_keys.watch(address_of(socket.scope), resources.keys.authenticate(key))
        if (refusal := refusal_of_key(principal, socket.scope)) is not None:
            raise refusal
        await _require_searchable(principal, client_id, resources)
        _count_as(socket, principal, resources)
    except (TimeoutError, ValidationError, KeyError):
        await _turn_away(socket, Unauthenticated())
        return None
    except ServiceError as error:
        await _turn_away(socket, error)
        return None
    await socket.send_json({"type": "authenticated", "client_id": client_id, "scope": principal.scope})
    return lambda: resources.keys.authenticate(key)


def _count_as(socket: WebSocket, principal: Principal, resources: Resources) -> None:
    """The connection was its address's so far. Raises TooManyRequests."""
    caller = counted_as(principal, address_of(socket.scope), is_open=False)
    assert caller is not None
    resources.caller_limits.hand_over(socket.state.counted_as, caller)
    socket.state.counted_as = caller


async def _anybody() -> Principal:
    return ANYBODY


async def _require_searchable(principal: Principal, client_id: str, resources: Resources) -> None:
    await resources.clients.require_searchable(tenant_of_path(client_id, principal))


async def _turn_away(socket: WebSocket, error: ServiceError) -> None:
    socket.state.turned_away = error.status
    await socket.send_json(streaming.error_frame(error, socket.state.request_id))
    await socket.close(_POLICY_VIOLATION)


async def _listen(socket: WebSocket, frames: "asyncio.Queue[str | bytes]") -> None:
    """Take in what is asked, also while an answer is given, until the reader has left."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        await frames.put(message.get("text") or message.get("bytes") or "")


async def _answer_all(talk: _Talk, frames: "asyncio.Queue[str | bytes]") -> None:
    while True:
        frame = await frames.get()
        try:
            principal = await talk.verify()
        except Unauthenticated as error:
            await _turn_away(talk.socket, error)
            return
        refusal = await _refusal(talk)
        if refusal is not None:
            await talk.socket.send_json(streaming.error_frame(refusal, talk.request_id))
            continue
        await _converse(talk, frame, principal)


async def _refusal(talk: _Talk) -> ServiceError | None:
    """A question is a request, however it comes."""
    caller: str | None = talk.socket.state.counted_as
    return None if caller is None else (await talk.resources.caller_limits.count(caller)).refusal


async def _converse(talk: _Talk, frame: str | bytes, principal: Principal) -> None:
    """Answer one question of the connection."""
    try:
        message = ChatMessage.model_validate_json(frame)
    except ValidationError as error:
        wrong = RequestValidationError(error.errors())
        await talk.socket.send_json(streaming.error_frame(wrong, talk.request_id))
        return
    tenant = tenant_of_path(talk.client_id, principal)
    ask = Ask(tenant, message.message, message.session_id, message.use_memory, caller=principal)
    async with aclosing(streaming.as_frames(talk.resources.chat.events(ask), talk.request_id)) as events:
        async for event in events:
            await talk.socket.send_json(event)
