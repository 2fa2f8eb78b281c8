"""What the calls to each model have taught about its tokens; answers are no longer embedded before somebody asks on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota_lessons",
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("token_ratio", sa.Float),
        sa.Column("output_tokens", sa.Float, nullable=False),
        sa.Column("returned_share", sa.Float, nullable=False),
    )
    op.drop_column("messages", "vector")


def downgrade() -> None:
    op.add_column("messages", sa.Column("vector", sa.LargeBinary))
    op.drop_table("quota_lessons")
