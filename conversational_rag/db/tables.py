"""The tables: what the service knows. Times are Unix seconds; vectors are little-endian float32 bytes.

The `sessions` and `messages` columns of the first line of each table are part of the public contract.
"""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=_NAMES)

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("last_modified", Float, nullable=False),
    # The embedding model that makes the vectors of this client's chunks.
    Column("embedding_fingerprint", Text, nullable=False),
    # While its chunks are embedded anew: the model before. Chunks with ids above `outdated_after`, up to and including
    # `outdated_to`, have that one's vectors still, and the vector index has no others.
    Column("former_fingerprint", Text),
    Column("outdated_after", Integer, nullable=False, server_default="0"),
    Column("outdated_to", Integer, nullable=False, server_default="0"),
    # Raised around each change of the vector index: found raised at a start, the index is rebuilt.
    Column("index_dirty", Integer, nullable=False, server_default="0"),
    # The client is being deleted; nobody sees it any more.
    Column("deleting", Integer, nullable=False, server_default="0"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
    Column("filename", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("pages", Integer),
    Column("characters", Integer, nullable=False),
    Column("chunk_size", Integer, nullable=False),
    Column("chunk_overlap", Integer, nullable=False),
    # See db/documents.py; only `ready` is ever searched.
    Column("status", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    # How often reading it was begun: a file that brings the service down each time is not begun for ever.
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("pages_without_text", Integer, nullable=False, server_default="0"),
    # JSON: what was found in the file.
    Column("verdict", Text),
    # Why it could not be stored.
    Column("error_code", Text),
    Column("error", Text),
    Index("ix_documents_client_id_status", "client_id", "status"),
    Index(
        "uq_documents_ready_filename",
        "client_id",
        "filename",
        unique=True,
        sqlite_where=text("status = 'ready'"),
    ),
)

chunks = Table(
    "chunks",
    metadata,
    # Never used twice, or a stale vector could point at another chunk's text.
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("client_id", Text, ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("page", Integer),
    Column("start", Integer, nullable=False),
    # The file's name in words; the keyword index reads it together with the text.
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    # What a reader would call the spot, where the format has names for it.
    Column("place", Text),
    # Further forms of its words for the keyword index; see db/spelling.py.
    Column("words", Text),
    Index("ix_chunks_document_id_ordinal", "document_id", "ordinal", unique=True),
    # All that a search reads of its many candidates and of those beside them (see db/chunks.py).
    Index("ix_chunks_outline", "client_id", "id", "document_id", "ordinal", "page", text("length(text)")),
    Index("ix_chunks_document_id_ordinal_page", "document_id", "ordinal", "page"),
    sqlite_autoincrement=True,
)

pages = Table(
    "pages",
    metadata,
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("number", Integer),
    Column("place", Text),
    Column("text", Text, nullable=False),
)

# Work that is done sooner or later, whatever happens: whoever holds the lease does it.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("task", Text, nullable=False),
    # queued -> running -> done
    Column("state", Text, nullable=False),
    Column("owner", Text),
    Column("lease_until", Float),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("run_after", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    # The upload made the client.
    Column("new_client", Integer, nullable=False, server_default="0"),
    # The caller's Idempotency-Key, whom it belongs to, and what was sent with it.
    Column("idempotency_scope", Text),
    Column("idempotency_key", Text),
    Column("request_hash", Text),
    Index("ix_jobs_state_run_after", "state", "run_after"),
    Index("uq_jobs_idempotency_scope_idempotency_key", "idempotency_scope", "idempotency_key", unique=True),
)

job_files = Table(
    "job_files",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    # Not a foreign key: the record of an upload outlives its documents.
    Column("document_id", Text, index=True),
    # JSON, once it is known: what became of the file.
    Column("outcome", Text),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("last_accessed", Float, nullable=False),
    Column("expires_at", Float),
    Column("message_count", Integer, nullable=False, server_default="0"),
    Column("client_id", Text, ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
    # Memory: turns up to and including this message are no longer sent to the model; the summary stands for them.
    Column("memory_start", Integer, nullable=False, server_default="0"),
    Column("summary", Text, nullable=False, server_default=""),
    # The line of keys that began it; None when that was done without a key.
    Column("begun_by", Text),
    # What somebody has called it.
    Column("title", Text),
    Index("ix_sessions_client_id_last_accessed", "client_id", "last_accessed"),
    Index("ix_sessions_expires_at", "expires_at"),
    Index("ix_sessions_last_accessed", "last_accessed"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("session_id", Text, ForeignKey("sessions.session_id", ondelete="CASCADE"), nullable=False),
    Column("role", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("timestamp", Float, nullable=False),
    # The question an answer answers.
    Column("reply_to", Integer),
    # complete | partial (the model broke off, or the reader left)
    Column("status", Text, nullable=False, server_default="complete"),
    # JSON: what the model was shown.
    Column("sources", Text),
    Column("model", Text),
    Column("degraded", Integer, nullable=False, server_default="0"),
    Column("prompt_tokens", Integer, nullable=False, server_default="0"),
    Column("completion_tokens", Integer, nullable=False, server_default="0"),
    Column("cached_tokens", Integer, nullable=False, server_default="0"),
    Column("llm_calls", Integer, nullable=False, server_default="0"),
    # What its reader thinks of an answer: up | down.
    Column("rating", Text),
    Column("comment", Text),
    Column("rated_at", Float),
    Index("ix_messages_session_id_id", "session_id", "id"),
    Index(
        "ix_messages_session_id_rating_rated_at",
        "session_id",
        "rating",
        "rated_at",
        sqlite_where=text("rating IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# What a search for sessions looks through; see db/session_texts.py.
session_texts = Table(
    "session_texts",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.session_id", ondelete="CASCADE"), primary_key=True),
    # 0: the title.
    Column("message_id", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)

# Answers that are kept for those who send the same question with the same Idempotency-Key again.
replies = Table(
    "replies",
    metadata,
    Column("client_id", Text, ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    # What was sent with the key.
    Column("request_hash", Text, nullable=False),
    # The session that the question belongs to; it may not have been there when the key came.
    Column("session_id", Text, nullable=False, index=True),
    Column("new_session", Integer, nullable=False),
    Column("created_at", Float, nullable=False, index=True),
    # JSON, once there is one.
    Column("answer", Text),
)

# Deletions after which the keyword index still holds words on the disk.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    sqlite_autoincrement=True,
)
