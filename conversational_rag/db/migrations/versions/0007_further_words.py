"""Words of scripts without spaces can be found; a client whose chunks are embedded anew keeps its former index."""

import sqlalchemy as sa
from alembic import op

from conversational_rag.db.spelling import further_words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SLICE = 1000
_DROP = ("DROP TRIGGER chunks_after_delete", "DROP TRIGGER chunks_after_insert", "DROP TABLE chunk_words")
_FILL = "INSERT INTO chunk_words(chunk_words) VALUES ('rebuild')"
_WITH_WORDS = (
    """CREATE VIRTUAL TABLE chunk_words USING fts5(
        title, text, words, content='chunks', content_rowid='id', tokenize="porter unicode61 remove_diacritics 2")""",
    """CREATE TRIGGER chunks_after_insert AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words(rowid, title, text, words) VALUES (new.id, new.title, new.text, new.words); END""",
    """CREATE TRIGGER chunks_after_delete AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words(chunk_words, rowid, title, text, words)
        VALUES ('delete', old.id, old.title, old.text, old.words); END""",
)
_WITHOUT_WORDS = (
    """CREATE VIRTUAL TABLE chunk_words USING fts5(
        title, text, content='chunks', content_rowid='id', tokenize="porter unicode61 remove_diacritics 2")""",
    """CREATE TRIGGER chunks_after_insert AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words(rowid, title, text) VALUES (new.id, new.title, new.text); END""",
    """CREATE TRIGGER chunks_after_delete AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words(chunk_words, rowid, title, text)
        VALUES ('delete', old.id, old.title, old.text); END""",
)


def upgrade() -> None:
    op.add_column("clients", sa.Column("former_fingerprint", sa.Text))
    op.add_column("clients", sa.Column("outdated_after", sa.Integer, nullable=False, server_default="0"))
    op.add_column("clients", sa.Column("outdated_to", sa.Integer, nullable=False, server_default="0"))
    op.add_column("chunks", sa.Column("words", sa.Text))
    # A run that broke off had an empty name for "vectors of several models": nobody can ask those.
    op.execute(
        "UPDATE clients SET former_fingerprint = '', outdated_to ="
        " (SELECT coalesce(max(id), 0) FROM chunks WHERE chunks.client_id = clients.client_id)"
        " WHERE embedding_fingerprint = ''"
    )
    _fill_words(op.get_bind())
    _make_index(_WITH_WORDS)


def downgrade() -> None:
    # Vectors of two models have the former name for it.
    op.execute("UPDATE clients SET embedding_fingerprint = '' WHERE former_fingerprint IS NOT NULL")
    _make_index(_WITHOUT_WORDS)
    op.drop_column("chunks", "words")
    for column in ("former_fingerprint", "outdated_after", "outdated_to"):
        op.drop_column("clients", column)


def _fill_words(connection: sa.Connection) -> None:
    after = 0
    while rows := _next_texts(connection, after):
        found = [(row.id, further_words(f"{row.title}\n{row.text}")) for row in rows]
        changed = [{"id": chunk_id, "words": words} for chunk_id, words in found if words is not None]
        if changed:
            connection.execute(sa.text("UPDATE chunks SET words = :words WHERE id = :id"), changed)
        after = rows[-1].id


def _next_texts(connection: sa.Connection, after: int) -> list[sa.Row[tuple[int, str, str]]]:
    statement = sa.text("SELECT id, title, text FROM chunks WHERE id > :after ORDER BY id LIMIT :slice")
    return list(connection.execute(statement, {"after": after, "slice": _SLICE}).all())


def _make_index(statements: tuple[str, ...]) -> None:
    """Anew, from the chunks that are there; SQLite reads 100,000 of 1,000 characters in some 10 s."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in (*_DROP, *statements, _FILL):
            op.execute(statement)
