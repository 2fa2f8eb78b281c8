"""What goes over the wire about a client's collection."""

from pydantic import BaseModel, Field


class CollectionSummary(BaseModel):
    """One client in the list."""

    client_id: str
    document_count: int = Field(description="Chunks, as Chroma counts.")
    files: int


class CollectionList(BaseModel):
    """All clients."""

    collections: list[CollectionSummary]
    total: int


class CollectionStats(BaseModel):
    """One client."""

    client_id: str
    collection_name: str
    exists: bool
    document_count: int = Field(description="Chunks, as Chroma counts.")
    files: int
    last_modified: float = Field(description="Unix seconds.")


class Deleted(BaseModel):
    """What went."""

    files: int
    chunks: int
    vectors: int
    sessions: int
    messages: int
    file_bytes: int = Field(description="Bytes that the uploaded files took.")


class CollectionDeleted(BaseModel):
    """A client that is gone."""

    message: str
    client_id: str
    deleted: Deleted
