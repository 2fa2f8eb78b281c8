"""The tables of who may do what, and who did: keys, sign-ins of browsers, the audit. Times are Unix seconds."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from conversational_rag.db.tables import metadata

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    # None: a key of the whole service.
    Column("client_id", Text, ForeignKey("clients.client_id", ondelete="CASCADE"), index=True),
    # admin | manage | chat
    Column("scope", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    # The id of the key that this one, or the one before it, was made to replace; its own when it replaces none.
    Column("line", Text, nullable=False),
    # HMAC-SHA-256 of the secret part; the secret itself is nowhere.
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
    # None: it does not expire.
    Column("expires_at", Float),
    Column("last_used_at", Float),
    Column("revoked_at", Float),
    # Of the pages that the key stands in, with blanks between them; none: it stands in no page.
    Column("origins", Text, nullable=False, server_default=""),
)

# Browsers that have shown a key: what they hold is a token of their own.
sign_ins = Table(
    "sign_ins",
    metadata,
    # SHA-256 of the token.
    Column("digest", LargeBinary, primary_key=True),
    Column("key_id", Text, ForeignKey("keys.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)

# Triggers keep rows from being changed at all, and from being deleted on the day they were written.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("timestamp", Float, nullable=False, index=True),
    # A key's id, `open` for anybody while there are no keys, `nobody` for a stranger, `cli` for the command line.
    Column("actor", Text, nullable=False),
    Column("scope", Text),
    # Not foreign keys: the record outlives what it tells of.
    Column("client_id", Text),
    Column("action", Text, nullable=False),
    Column("object", Text),
    # The address it came from.
    Column("address", Text),
    # done | refused | failed
    Column("outcome", Text, nullable=False),
    # The HTTP status; None on the command line.
    Column("status", Integer),
    Column("request_id", Text),
    Index("ix_audit_client_id_id", "client_id", "id"),
    sqlite_autoincrement=True,
)
