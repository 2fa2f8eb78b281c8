"""What goes over the wire about sessions."""

from typing import Literal

from pydantic import BaseModel, Field

from conversational_rag.schemas.chat import Source


class SessionStats(BaseModel):
    """The session store."""

    active_chains: int = Field(description="Conversations kept in memory.")
    total_sessions: int
    active_sessions: int = Field(description="Those that have not expired.")
    total_messages: int
    database_size_mb: float
    avg_messages_per_session: float


class SessionInfo(BaseModel):
    """One session; times in Unix seconds."""

    session_id: str
    client_id: str
    message_count: int
    created_at: float
    last_accessed: float
    expires_at: float | None = Field(description="null: never.")
    is_expired: bool


class SessionMessage(BaseModel):
    """One message; an answer carries what the model was shown."""

    id: int
    role: Literal["user", "assistant"]
    content: str
    timestamp: float
    sources: list[Source]
    model: str | None = None
    degraded: bool = False
    status: Literal["complete", "partial"] = Field(description="partial: the answer broke off.")


class SessionDeleted(BaseModel):
    """A session that is gone."""

    message: str
    session_id: str
    messages_deleted: int


class CleanupAnswer(BaseModel):
    """What the cleanup removed."""

    message: str
    removed: int
    current_stats: SessionStats
