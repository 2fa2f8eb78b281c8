"""Answers by Idempotency-Key; deletions whose words are still to be taken out of the keyword index."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replies",
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("new_session", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("answer", sa.Text),
    )
    op.create_index("ix_replies_session_id", "replies", ["session_id"])
    op.create_index("ix_replies_created_at", "replies", ["created_at"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("erasures", "replies"):
        op.drop_table(table)
