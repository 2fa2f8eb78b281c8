"""What goes over the wire about documents."""

from typing import Any, Literal

from pydantic import BaseModel, Field

DocumentStatus = Literal["queued", "parsing", "embedding", "ready", "partial", "empty", "failed"]


class DocumentView(BaseModel):
    """One document: a file that was sent, and what became of it."""

    id: str
    client_id: str
    filename: str
    status: DocumentStatus = Field(
        description="queued, parsing or embedding on its way; ready, or partial (some pages hold no text), when it can "
        "be searched; empty (no text at all) or failed."
    )
    kind: str = Field(description="What the file is, by its content; empty before it has been read.")
    bytes: int
    sha256: str
    pages: int | None = Field(description="null where the format has no pages.")
    characters: int
    chunks: int
    chunk_size: int
    chunk_overlap: int
    created_at: float = Field(description="When it arrived, in Unix seconds.")
    verdict: dict[str, Any] | None = Field(
        description="What was found in it: pages with and without text, characters, chunks, share of repeated text, "
        "encoding, notes. null before it has been read."
    )
    error: str | None = Field(description="Why it cannot be searched, or which part of it, and what to do.")
    code: str | None = Field(description="The error's stable code.")


class DocumentList(BaseModel):
    """Some of a client's documents, the last that came first."""

    documents: list[DocumentView]
    total: int
    next_cursor: str | None = Field(description="Send it as `cursor` to get the next ones; null at the end.")


class PageView(BaseModel):
    """The text of one page."""

    number: int | None = Field(description="Counted from 1; null where the format has no pages.")
    place: str | None = Field(description="The page's own name, as a sheet, a slide or a chapter has one.")
    text: str


class DocumentContent(BaseModel):
    """The text that was read from a document."""

    id: str
    client_id: str
    filename: str
    status: DocumentStatus
    pages: list[PageView]
    total: int = Field(description="How many pages there are.")


class LeftoversView(BaseModel):
    """What a second look found and removed; there should be none."""

    rows: int
    vectors: int = 0
    files: int = 0


class DocumentRemoved(BaseModel):
    """What went with a document."""

    documents: int = 1
    pages: int
    chunks: int
    vectors: int
    file_bytes: int = Field(description="Bytes that the uploaded file took.")
    database_bytes: int = Field(description="Bytes of the database file that are free for something else.")
    words_erased: bool = Field(
        description="false: the keyword index holds words of it on the disk for some minutes; nobody can find them."
    )


class DocumentDeleted(BaseModel):
    """A document that is gone."""

    message: str
    id: str
    client_id: str
    filename: str
    deleted: DocumentRemoved
    leftovers: LeftoversView
