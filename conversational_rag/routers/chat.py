"""POST /api/v1/chat/ in one piece, /stream as it comes, and a WebSocket for many questions."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from conversational_rag import streaming
from conversational_rag.dependencies import Resources, tenant_of_path
from conversational_rag.errors import ServiceError
from conversational_rag.exception_handlers import response
from conversational_rag.schemas.chat import ChatAnswer, ChatMessage, ChatRequest
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.chat import Ask

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])


@router.post("/", operation_id="chat")
async def chat(body: Annotated[ChatRequest, Body()], resources: Resources) -> ChatAnswer:
    """Ask a question; the answer rests on the client's documents and names its sources."""
    return streaming.answer(await resources.chat.answer(_ask(body)))


@router.post(
    "/stream",
    operation_id="chat_stream",
    response_class=StreamingResponse,
    responses={200: {"content": {streaming.SSE_TYPE: {}}, "description": "start, delta …, then end or error"}},
)
async def stream(body: Annotated[ChatRequest, Body()], request: Request, resources: Resources) -> StreamingResponse:
    """Ask a question and read the answer as it is written."""
    events = resources.chat.events(_ask(body))
    start = await anext(events)  # a fault before it is still an ordinary HTTP error
    stream_of_bytes = streaming.as_sse(start, events, request.state.request_id)
    return StreamingResponse(stream_of_bytes, media_type=streaming.SSE_TYPE, headers=streaming.SSE_HEADERS)


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
    try:
        while True:
            await _converse(socket, await socket.receive_text(), tenant, resources)
    except WebSocketDisconnect:
        return


async def _converse(socket: WebSocket, frame: str, tenant: Tenant, resources: Resources) -> None:
    """Answer one question of the connection."""
    request_id = socket.state.request_id
    try:
        message = ChatMessage.model_validate_json(frame)
    except ValidationError as error:
        wrong = RequestValidationError(error.errors())
        await socket.send_json(streaming.error_frame(wrong, request_id))
        return
    ask = Ask(tenant, message.message, message.session_id, message.use_memory)
    async for event in streaming.as_frames(resources.chat.events(ask), request_id):
        await socket.send_json(event)


def _ask(body: ChatRequest) -> Ask:
    return Ask(Tenant(body.client_id), body.message, body.session_id, body.use_memory)
