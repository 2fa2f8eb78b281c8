"""POST /api/v1/chat/ in one piece, /stream as it comes, and a WebSocket for many questions."""

import asyncio
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import APIRouter, Body, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from conversational_rag import streaming
from conversational_rag.dependencies import IdempotencyKey, Resources, tenant_of_path
from conversational_rag.errors import ServiceError
from conversational_rag.exception_handlers import response
from conversational_rag.schemas.chat import ChatAnswer, ChatMessage, ChatRequest
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.chat import Ask
from conversational_rag.streaming import EventStream

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])

# Questions that a WebSocket takes in while it answers another; then it stops reading.
_QUESTIONS_AHEAD = 8


@router.post("/", operation_id="chat")
async def chat(body: Annotated[ChatRequest, Body()], resources: Resources, key: IdempotencyKey = None) -> ChatAnswer:
    """Ask a question; the answer rests on the client's documents and names its sources."""
    return streaming.answer(await resources.replies.answer(_ask(body), key))


@router.post(
    "/stream",
    operation_id="chat_stream",
    response_class=StreamingResponse,  # for the documentation
    responses={200: {"content": {streaming.SSE_TYPE: {}}, "description": "start, delta …, then end or error"}},
)
async def stream(
    body: Annotated[ChatRequest, Body()], request: Request, resources: Resources, key: IdempotencyKey = None
) -> EventStream:
    """Ask a question and read the answer as it is written; one that was kept comes in one piece."""
    return EventStream(resources.replies.events(_ask(body), key), request.state.request_id)


@router.websocket("/ws/{client_id}")
async def websocket(socket: WebSocket, client_id: str, resources: Resources) -> None:
    """Many questions on one connection; each is answered by start, delta …, then end or error."""
    request_id = socket.state.request_id
    try:
        tenant = tenant_of_path(client_id)
        await resources.clients.require_searchable(tenant)
    except ServiceError as error:
        await socket.send_denial_response(response(error, request_id))
        return
    await socket.accept()
    frames: asyncio.Queue[str | bytes] = asyncio.Queue(_QUESTIONS_AHEAD)
    with suppress(WebSocketDisconnect):
        await streaming.until_left(_answer_all(socket, frames, tenant, resources), _listen(socket, frames))


async def _listen(socket: WebSocket, frames: "asyncio.Queue[str | bytes]") -> None:
    """Take in what is asked, also while an answer is given, until the reader has left."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        await frames.put(message.get("text") or message.get("bytes") or "")


async def _answer_all(
    socket: WebSocket, frames: "asyncio.Queue[str | bytes]", tenant: Tenant, resources: Resources
) -> None:
    while True:
        await _converse(socket, await frames.get(), tenant, resources)


async def _converse(socket: WebSocket, frame: str | bytes, tenant: Tenant, resources: Resources) -> None:
    """Answer one question of the connection."""
    request_id = socket.state.request_id
    try:
        message = ChatMessage.model_validate_json(frame)
    except ValidationError as error:
        wrong = RequestValidationError(error.errors())
        await socket.send_json(streaming.error_frame(wrong, request_id))
        return
    ask = Ask(tenant, message.message, message.session_id, message.use_memory)
    async with aclosing(streaming.as_frames(resources.chat.events(ask), request_id)) as events:
        async for event in events:
            await socket.send_json(event)


def _ask(body: ChatRequest) -> Ask:
    return Ask(Tenant(body.client_id), body.message, body.session_id, body.use_memory)
