"""The first tables: clients, documents, chunks and their keyword index, sessions, messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The keyword index reads its text from `chunks` (external content), so nothing is stored twice;
# triggers keep it in step within the transaction of the rows, cascades included.
_KEYWORD_INDEX = (
    """CREATE VIRTUAL TABLE chunk_words USING fts5(
        title, text, content='chunks', content_rowid='id', tokenize="porter unicode61 remove_diacritics 2")""",
    """CREATE TRIGGER chunks_after_insert AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words(rowid, title, text) VALUES (new.id, new.title, new.text); END""",
    """CREATE TRIGGER chunks_after_delete AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words(chunk_words, rowid, title, text)
        VALUES ('delete', old.id, old.title, old.text); END""",
)


def upgrade() -> None:
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text, primary_key=True),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_modified", sa.Float, nullable=False),
        sa.Column("embedding_fingerprint", sa.Text, nullable=False),
        sa.Column("index_dirty", sa.Integer, nullable=False, server_default="0"),
        sa.Column("deleting", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("pages", sa.Integer),
        sa.Column("characters", sa.Integer, nullable=False),
        sa.Column("chunk_size", sa.Integer, nullable=False),
        sa.Column("chunk_overlap", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("ix_documents_client_id_status", "documents", ["client_id", "status"])
    ready = sa.text("status = 'ready'")
    op.create_index(
        "uq_documents_ready_filename",
        "documents",
        ["client_id", "filename"],
        unique=True,
        sqlite_where=ready,
        postgresql_where=ready,
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
        sa.Column("document_id", sa.Text, sa.ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chunks_client_id", "chunks", ["client_id"])
    op.create_index("ix_chunks_document_id_ordinal", "chunks", ["document_id", "ordinal"], unique=True)
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_accessed", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float),
        sa.Column("message_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
        sa.Column("memory_start", sa.Integer, nullable=False, server_default="0"),
        sa.Column("summary", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_sessions_client_id_last_accessed", "sessions", ["client_id", "last_accessed"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_last_accessed", "sessions", ["last_accessed"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("session_id", sa.Text, sa.ForeignKey("sessions.session_id", ondelete="CASCADE"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("timestamp", sa.Float, nullable=False),
        sa.Column("reply_to", sa.Integer),
        sa.Column("status", sa.Text, nullable=False, server_default="complete"),
        sa.Column("sources", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("degraded", sa.Integer, nullable=False, server_default="0"),
        sa.Column("prompt_tokens", sa.Integer, nullable=False, server_default="0"),
        sa.Column("completion_tokens", sa.Integer, nullable=False, server_default="0"),
        sa.Column("cached_tokens", sa.Integer, nullable=False, server_default="0"),
        sa.Column("llm_calls", sa.Integer, nullable=False, server_default="0"),
        sa.Column("vector", sa.LargeBinary),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_session_id_id", "messages", ["session_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for statement in _KEYWORD_INDEX:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER chunks_after_delete")
        op.execute("DROP TRIGGER chunks_after_insert")
        op.execute("DROP TABLE chunk_words")
    for table in ("messages", "sessions", "chunks", "documents", "clients"):
        op.drop_table(table)
