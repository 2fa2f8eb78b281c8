"""Documents exist from their arrival on, with a verdict; their pages' text; jobs that outlive a crash."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DOCUMENTS = ("attempts", "pages_without_text", "verdict", "error_code", "error")


def upgrade() -> None:
    op.add_column("documents", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("documents", sa.Column("pages_without_text", sa.Integer, nullable=False, server_default="0"))
    op.add_column("documents", sa.Column("verdict", sa.Text))
    op.add_column("documents", sa.Column("error_code", sa.Text))
    op.add_column("documents", sa.Column("error", sa.Text))
    op.add_column("chunks", sa.Column("place", sa.Text))
    op.create_table(
        "pages",
        sa.Column("document_id", sa.Text, sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer),
        sa.Column("place", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", sa.Float),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("run_after", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("new_client", sa.Integer, nullable=False, server_default="0"),
        sa.Column("idempotency_scope", sa.Text),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("request_hash", sa.Text),
    )
    op.create_index("ix_jobs_state_run_after", "jobs", ["state", "run_after"])
    op.create_index("ix_jobs_client_id", "jobs", ["client_id"])
    op.create_index(
        "uq_jobs_idempotency_scope_idempotency_key", "jobs", ["idempotency_scope", "idempotency_key"], unique=True
    )
    op.create_table(
        "job_files",
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("ix_job_files_document_id", "job_files", ["document_id"])


def downgrade() -> None:
    for table in ("job_files", "jobs", "pages"):
        op.drop_table(table)
    op.drop_column("chunks", "place")
    for column in _DOCUMENTS:
        op.drop_column("documents", column)
