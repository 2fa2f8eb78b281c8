"""Sessions have titles and are searched by what was said in them; answers are rated."""

import sqlalchemy as sa
from alembic import op

from conversational_rag.db.session_texts import TITLE, fold
from conversational_rag.db.titles import automatic

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SLICE = 1000
_RATINGS = (("rating", sa.Text), ("comment", sa.Text), ("rated_at", sa.Float))
_ADD = sa.text("INSERT INTO session_texts (session_id, message_id, text) VALUES (:session, :message, :text)")
_MESSAGES = sa.text("SELECT id, session_id, content FROM messages WHERE id > :after ORDER BY id LIMIT :slice")
_SESSIONS = sa.text(
    "SELECT session_id, (SELECT content FROM messages WHERE messages.session_id = sessions.session_id"
    " AND role = 'user' ORDER BY id LIMIT 1) AS question"
    " FROM sessions WHERE session_id > :after ORDER BY session_id LIMIT :slice"
)


def upgrade() -> None:
    op.add_column("sessions", sa.Column("title", sa.Text))
    for name, kind in _RATINGS:
        op.add_column("messages", sa.Column(name, kind))
    rated = sa.text("rating IS NOT NULL")
    op.create_index(
        "ix_messages_session_id_rating_rated_at",
        "messages",
        ["session_id", "rating", "rated_at"],
        sqlite_where=rated,
        postgresql_where=rated,
    )
    op.create_table(
        "session_texts",
        sa.Column("session_id", sa.Text, sa.ForeignKey("sessions.session_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("message_id", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    _fill(op.get_bind())


def downgrade() -> None:
    op.drop_table("session_texts")
    op.drop_index("ix_messages_session_id_rating_rated_at", "messages")
    for name, _ in _RATINGS:
        op.drop_column("messages", name)
    op.drop_column("sessions", "title")


def _fill(connection: sa.Connection) -> None:
    after: int | str = 0
    while rows := connection.execute(_MESSAGES, {"after": after, "slice": _SLICE}).all():
        connection.execute(_ADD, [_row(row.session_id, row.id, row.content) for row in rows])
        after = rows[-1].id
    after = ""
    while rows := connection.execute(_SESSIONS, {"after": after, "slice": _SLICE}).all():
        named = [(row.session_id, automatic(row.question or "") or row.session_id) for row in rows]
        connection.execute(_ADD, [_row(session_id, TITLE, title) for session_id, title in named])
        after = rows[-1].session_id


def _row(session_id: str, message_id: int, text: str) -> dict[str, str | int]:
    return {"session": session_id, "message": message_id, "text": fold(text)}
