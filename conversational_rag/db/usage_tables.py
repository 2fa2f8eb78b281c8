"""The tables of what models cost: what is left of the provider's quota, and who has used it. Times are Unix seconds."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text

from conversational_rag.db.tables import metadata

# What is left of the provider's quota, so that a restart does not forget the day.
quota_buckets = Table(
    "quota_buckets",
    metadata,
    Column("model", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("limit", Float, nullable=False),
    Column("level", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

# What the calls to each model have taught about its tokens, so that a restart does not forget that either.
quota_lessons = Table(
    "quota_lessons",
    metadata,
    Column("model", Text, primary_key=True),
    # None until a call has told it.
    Column("token_ratio", Float),
    Column("output_tokens", Float, nullable=False),
    Column("returned_share", Float, nullable=False),
)

usage = Table(
    "usage",
    metadata,
    Column("id", Integer, primary_key=True),
    # Outlives the sessions it was caused by, not the client.
    Column("client_id", Text, ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
    Column("timestamp", Float, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("degraded", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("llm_calls", Integer, nullable=False),
    Index("ix_usage_timestamp_client_id", "timestamp", "client_id"),
)
