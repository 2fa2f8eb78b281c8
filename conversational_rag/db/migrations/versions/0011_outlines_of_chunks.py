"""What a search reads of its many candidates stands in two narrow indexes, not only in the long rows."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A quarter of a second for 50,000 chunks that the disk cache holds."""
    outline: list[str | sa.TextClause] = ["client_id", "id", "document_id", "ordinal", "page", sa.text("length(text)")]
    op.create_index("ix_chunks_outline", "chunks", outline)
    op.create_index("ix_chunks_document_id_ordinal_page", "chunks", ["document_id", "ordinal", "page"])


def downgrade() -> None:
    op.drop_index("ix_chunks_document_id_ordinal_page", "chunks")
    op.drop_index("ix_chunks_outline", "chunks")
