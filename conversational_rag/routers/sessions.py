"""/api/v1/sessions: look at conversations, list them, delete them."""

import json
from dataclasses import asdict

from fastapi import APIRouter

from conversational_rag.dependencies import Caller, Limit, Offset, OptionalTenant, Resources
from conversational_rag.schemas.documents import LeftoversView
from conversational_rag.schemas.sessions import (
    CleanupAnswer,
    SessionDeleted,
    SessionInfo,
    SessionMessage,
    SessionRemoved,
    SessionStats,
)

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])
# The older address of the same thing.
chat_router = APIRouter(prefix="/api/v1/chat", tags=["sessions"])


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


@router.get("/{session_id}/info", operation_id="session_info")
async def info(session_id: str, resources: Resources, caller: Caller, tenant: OptionalTenant) -> SessionInfo:
    """One session."""
    session = await resources.sessions.find(caller.reach(tenant), session_id)
    return SessionInfo(
        session_id=session.session_id,
        client_id=session.tenant.client_id,
        message_count=session.message_count,
        created_at=session.created_at,
        last_accessed=session.last_accessed,
        expires_at=session.expires_at,
        is_expired=session.is_expired(resources.conversations.now()),
    )


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
    return [
        SessionMessage.model_validate(
            {
                "id": row.id,
                "role": row.role,
                "content": row.content,
                "timestamp": row.timestamp,
                "sources": json.loads(row.sources or "[]"),
                "model": row.model,
                "degraded": row.degraded,
                "status": row.status,
            }
        )
        for row in rows
    ]


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
