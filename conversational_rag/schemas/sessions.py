"""What goes over the wire about sessions."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from conversational_rag.schemas.chat import Source
from conversational_rag.schemas.documents import LeftoversView
from conversational_rag.schemas.feedback import FeedbackView
from conversational_rag.schemas.fields import on_one_line


class SessionStats(BaseModel):
    """The session store."""

    active_chains: int = Field(description="Conversations kept in memory.")
    total_sessions: int
    active_sessions: int = Field(description="Those that have not expired.")
    total_messages: int
    database_size_mb: float = Field(description="Of the whole database.")
    avg_messages_per_session: float


class SessionView(BaseModel):
    """One session; times in Unix seconds."""

    session_id: str
    client_id: str
    title: str = Field(description="The one that it was given; else its first question, shortened.")
    message_count: int
    created_at: float
    last_accessed: float
    expires_at: float | None = Field(description="null: never.")


class SessionInfo(SessionView):
    """One session, and whether its time has run out."""

    is_expired: bool


class SessionList(BaseModel):
    """Living sessions, the last used first."""

    sessions: list[SessionView]
    total: int = Field(description="How many there are in all.")


class SessionRename(BaseModel):
    """What a session is to be called."""

    title: (
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
            AfterValidator(on_one_line),
        ]
        | None
    ) = Field(description="On one line; null: by its first question.")


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
    feedback: FeedbackView | None = Field(None, description="What its reader thinks of an answer.")


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
