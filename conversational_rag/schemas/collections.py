"""What goes over the wire about a client's collection."""

from pydantic import BaseModel, Field

from conversational_rag.schemas.documents import LeftoversView


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
    pages: int
    chunks: int
    vectors: int
    jobs: int
    sessions: int
    messages: int
    replies: int = Field(description="Answers that were kept under an Idempotency-Key.")
    file_bytes: int = Field(description="Bytes that the uploaded files took.")
    database_bytes: int = Field(description="Bytes of the database file that are free for something else.")
    words_erased: bool = Field(
        description="false: the keyword index holds words of it on the disk for some minutes; nobody can find them."
    )


class CollectionDeleted(BaseModel):
    """A client that is gone."""

    message: str
    client_id: str
    deleted: Deleted
    leftovers: LeftoversView
