"""What goes over the wire when files are uploaded."""

from typing import Literal

from pydantic import BaseModel, Field

from conversational_rag.schemas.fields import ClientId

Stage = Literal["queued", "parsing", "embedding"]

_API_KEY = "The key of a client that is new, while keys are required; it is shown once."


class DocumentOutcome(BaseModel):
    """What became of one file, or how far it is."""

    document_id: str | None = Field(description="null when it was refused on arrival.")
    filename: str
    status: Literal[Stage, "ready", "partial", "unchanged", "failed", "empty"]
    pages: int | None = Field(None, description="null where the format has no pages.")
    chunks: int = 0
    error: str | None = Field(None, description="Why it was not stored, or which part of it, and what to do.")
    code: str | None = Field(None, description="The error's stable code.")


class UrlIngest(BaseModel):
    """A web page that is to be fetched."""

    url: str = Field(min_length=1, max_length=8192, examples=["https://example.org/handbook.html"])
    client_id: ClientId | None = Field(None, description="Whose document it becomes; left out, a new client is made.")
    chunk_size: int = Field(1000, ge=50, le=8000, description="Characters a chunk.")
    chunk_overlap: int = Field(200, ge=0, le=4000, description="Characters that two chunks share.")


class IngestAnswer(BaseModel):
    """What became of the upload."""

    message: str
    documents_processed: int = Field(description="Files that can be searched now.")
    chunks_created: int
    client_id: str
    created: bool = Field(description="true: the client is new.")
    documents: list[DocumentOutcome]
    api_key: str | None = Field(None, repr=False, description=_API_KEY)


class JobView(BaseModel):
    """An upload that goes on by itself."""

    job_id: str
    client_id: str
    created: bool = Field(description="true: the client is new.")
    state: Literal[Stage, "ready", "partial", "empty", "failed"] = Field(
        description="queued, parsing or embedding while it goes on; at its end ready, partial (not all of it can be "
        "searched), empty (no file holds text) or failed."
    )
    finished: bool
    files_done: int
    files: int
    pages: int = Field(description="Pages of the files that have been read so far.")
    chunks_done: int
    chunks: int = Field(description="Chunks of the files that have been read so far.")
    seconds_left: float | None = Field(description="An estimate; null before there is one.")
    created_at: float = Field(description="Unix seconds.")
    finished_at: float | None = Field(description="Unix seconds.")
    documents: list[DocumentOutcome]
    api_key: str | None = Field(None, repr=False, description=_API_KEY)
