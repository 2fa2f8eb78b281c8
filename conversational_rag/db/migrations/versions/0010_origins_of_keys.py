"""Keys that stand in web pages, and of which origins those are."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("keys", sa.Column("origins", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("keys", "origins")
