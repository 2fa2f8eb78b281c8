"""What goes over the wire when files are uploaded."""

from typing import Literal

from pydantic import BaseModel, Field


class DocumentOutcome(BaseModel):
    """What became of one file."""

    document_id: str | None = Field(description="null when nothing was stored.")
    filename: str
    status: Literal["ready", "unchanged", "failed", "empty"]
    pages: int | None = Field(None, description="null where the format has no pages.")
    chunks: int = 0
    error: str | None = Field(None, description="Why it was not stored, and what to do.")
    code: str | None = Field(None, description="The error's stable code.")


class IngestAnswer(BaseModel):
    """What became of the upload."""

    message: str
    documents_processed: int = Field(description="Files that can be searched now.")
    chunks_created: int
    client_id: str
    created: bool = Field(description="true: the client is new.")
    documents: list[DocumentOutcome]
