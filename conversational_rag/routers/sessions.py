"""/api/v1/sessions: find conversations, look at them, rename, write down, delete them."""

import json
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from conversational_rag.db.messages import MessageRow
from conversational_rag.db.titled_sessions import TitledSession
from conversational_rag.dependencies import Caller, Limit, Offset, OptionalTenant, Resources
from conversational_rag.schemas.documents import LeftoversView
from conversational_rag.schemas.sessions import (
    CleanupAnswer,
    SessionDeleted,
    SessionInfo,
    SessionList,
    SessionMessage,
    SessionRemoved,
    SessionRename,
    SessionStats,
    SessionView,
)

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])
# The older address of the same thing.
chat_router = APIRouter(prefix="/api/v1/chat", tags=["sessions"])

MARKDOWN_TYPE = "text/markdown"
Words = Annotated[
    str | None,
    Query(min_length=1, max_length=200, description="As they stand in the title or a message; upper case or lower."),
]


@router.get("/stats", operation_id="session_stats")
async def stats(resources: Resources, tenant: OptionalTenant) -> SessionStats:
    """The session store as a whole; a client's own part of it."""
    totals = await resources.sessions.totals(tenant)
    return SessionStats(
        active_chains=resources.conversations.count_cached(tenant),
        total_sessions=totals.sessions,
        active_sessions=totals.active,
        total_messages=totals.messages,
        database_size_mb=round(resources.sessions.database_bytes() / 1024**2, 3),
        avg_messages_per_session=round(totals.messages / totals.sessions, 2) if totals.sessions else 0,
    )


@router.get("/list", operation_id="list_sessions")
async def list_sessions(
    resources: Resources, caller: Caller, tenant: OptionalTenant, limit: Limit = 100, offset: Offset = 0
) -> list[str]:
    """The ids of living sessions, the last used first."""
    return await resources.sessions.list_ids(caller.reach(tenant), limit, offset)


@router.get("", operation_id="find_sessions")
async def find_sessions(
    resources: Resources,
    caller: Caller,
    tenant: OptionalTenant,
    q: Words = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> SessionList:
    """Living sessions with their titles, the last used first: all, or those in which the words of `q` were said."""
    page = await resources.sessions.search(caller.reach(tenant), q or "", limit, offset)
    return SessionList(sessions=[SessionView(**_shown(each)) for each in page.sessions], total=page.total)


@router.get("/{session_id}/info", operation_id="session_info")
async def info(session_id: str, resources: Resources, caller: Caller, tenant: OptionalTenant) -> SessionInfo:
    """One session."""
    found = await resources.sessions.find(caller.reach(tenant), session_id)
    return SessionInfo(**_shown(found), is_expired=found.session.is_expired(resources.conversations.now()))


@router.patch("/{session_id}", operation_id="rename_session")
async def rename(
    session_id: str, wanted: SessionRename, resources: Resources, caller: Caller, tenant: OptionalTenant
) -> SessionView:
    """Give a session a title, or with null the automatic one again."""
    return SessionView(**_shown(await resources.sessions.rename(caller.reach(tenant), session_id, wanted.title)))


@router.get("/{session_id}/messages", operation_id="session_messages")
async def messages(
    session_id: str,
    resources: Resources,
    caller: Caller,
    tenant: OptionalTenant,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> list[SessionMessage]:
    """Its messages, oldest first; each answer with the sources it rested on."""
    rows = await resources.sessions.messages(caller.reach(tenant), session_id, limit, offset)
    return [shown_message(row) for row in rows]


@router.get(
    "/{session_id}/export",
    operation_id="export_session",
    response_class=StreamingResponse,  # for the documentation
    responses={200: {"content": {MARKDOWN_TYPE: {}}, "description": "Questions, answers and the names of sources."}},
)
async def export(session_id: str, resources: Resources, caller: Caller, tenant: OptionalTenant) -> StreamingResponse:
    """The whole conversation as a Markdown document, to be kept as a file."""
    transcript = await resources.transcripts.write(caller.reach(tenant), session_id)
    named = f"attachment; filename=\"conversation.md\"; filename*=UTF-8''{quote(transcript.filename, safe='')}"
    headers = {"Content-Disposition": named}
    return StreamingResponse(transcript.parts, media_type=f"{MARKDOWN_TYPE}; charset=utf-8", headers=headers)


@router.post("/cleanup", operation_id="cleanup_sessions")
async def cleanup(resources: Resources) -> CleanupAnswer:
    """Delete the sessions whose time has run out, now."""
    removed = await resources.sessions.cleanup()
    return CleanupAnswer(
        message=f"{removed} expired sessions removed", removed=removed, current_stats=await stats(resources, None)
    )


@router.delete("/{session_id}", operation_id="delete_session")
@chat_router.delete("/{session_id}", operation_id="delete_chat_session")
async def delete(session_id: str, resources: Resources, caller: Caller, tenant: OptionalTenant) -> SessionDeleted:
    """Delete the session with all its messages; what went, after a second look."""
    gone = await resources.sessions.delete(caller.reach(tenant), session_id)
    return SessionDeleted(
        message=f"Session {session_id} deleted",
        session_id=session_id,
        client_id=gone.tenant.client_id,
        messages_deleted=gone.messages,
        deleted=SessionRemoved(messages=gone.messages, replies=gone.replies, database_bytes=gone.database_bytes),
        leftovers=LeftoversView.model_validate(asdict(gone.leftovers)),
    )


def shown_message(row: MessageRow) -> SessionMessage:
    """A message as its reader sees it."""
    return SessionMessage.model_validate(asdict(row) | {"sources": json.loads(row.sources or "[]")})


def _shown(found: TitledSession) -> dict[str, Any]:
    session = found.session
    return {
        "session_id": session.session_id,
        "client_id": session.tenant.client_id,
        "title": found.title,
        "message_count": session.message_count,
        "created_at": session.created_at,
        "last_accessed": session.last_accessed,
        "expires_at": session.expires_at,
    }
