"""What goes over the wire about sessions."""

from typing import Literal

from pydantic import BaseModel, Field

from conversational_rag.schemas.chat import Source
from conversational_rag.schemas.documents import LeftoversView


class SessionStats(BaseModel):
    """The session store."""

    active_chains: int = Field(description="Conversations kept in memory.")
    total_sessions: int
    active_sessions: int = Field(description="Those that have not expired.")
    total_messages: int
    database_size_mb: float = Field(description="Of the whole database.")
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


class SessionRemoved(BaseModel):
    """What went with a session."""

    sessions: int = 1
    messages: int
    replies: int = Field(description="Answers that were kept under an Idempotency-Key.")
    database_bytes: int = Field(description="Bytes of the database file that are free for something else.")


class SessionDeleted(BaseModel):
    """A session that is gone."""

    message: str
    session_id: str
    client_id: str
    messages_deleted: int
    deleted: SessionRemoved
    leftovers: LeftoversView


class CleanupAnswer(BaseModel):
    """What the cleanup removed."""

    message: str
    removed: int
    current_stats: SessionStats
