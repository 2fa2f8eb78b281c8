"""POST /api/v1/chat/ in one piece, /stream as it comes."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.responses import StreamingResponse

from conversational_rag import streaming
from conversational_rag.dependencies import Asker, tenant_of
from conversational_rag.schemas.chat import ChatAnswer, ChatRequest
from conversational_rag.security.principals import Principal
from conversational_rag.services.chat import Ask
from conversational_rag.streaming import EventStream

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])


@router.post("/", operation_id="chat")
async def chat(body: Annotated[ChatRequest, Body()], asker: Asker) -> ChatAnswer:
    """Ask a question; the answer rests on the client's documents and names its sources."""
    return streaming.answer(await asker.resources.replies.answer(_ask(body, asker.caller), asker.key))


@router.post(
    "/stream",
    operation_id="chat_stream",
    response_class=StreamingResponse,  # for the documentation
    responses={200: {"content": {streaming.SSE_TYPE: {}}, "description": "start, delta …, then end or error"}},
)
async def stream(body: Annotated[ChatRequest, Body()], request: Request, asker: Asker) -> EventStream:
    """Ask a question and read the answer as it is written; one that was kept comes in one piece."""
    events = asker.resources.replies.events(_ask(body, asker.caller), asker.key)
    return EventStream(events, request.state.request_id)


def _ask(body: ChatRequest, caller: Principal) -> Ask:
    tenant = tenant_of(caller, body.client_id)
    return Ask(tenant, body.message, body.session_id, body.use_memory, caller=caller)
