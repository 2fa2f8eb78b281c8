"""The history of the tables ends where the code is, forwards and backwards."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.schema import CreateIndex

from conversational_rag.db import migrations, titled_sessions
from conversational_rag.db.tables import chunks, metadata
from conversational_rag.security.tenants import Tenant

FOLDER = Path(migrations.__file__).parent


def config(engine: Engine) -> Config:
    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    found.attributes["connection"] = engine.connect()
    return found


def test_the_recorded_head_is_the_newest_migration() -> None:
    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    assert ScriptDirectory.from_config(found).get_current_head() == migrations.HEAD


@pytest.mark.filterwarnings("ignore:.*expression-based index '?ix_chunks_outline")
def test_the_migrated_tables_are_those_of_the_code(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_index_that_cannot_be_compared_is_that_of_the_code_too(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'ix_chunks_outline'")).scalar_one()
    engine.dispose()
    (index,) = (index for index in chunks.indexes if index.name == "ix_chunks_outline")
    assert made == str(CreateIndex(index).compile(engine))


def test_every_migration_can_be_undone_and_done_again(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    migrations.upgrade(engine)
    undo = config(engine)
    command.downgrade(undo, "base")
    undo.attributes["connection"].commit()
    undo.attributes["connection"].close()
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
    migrations.upgrade(engine)
    assert "messages" in inspect(engine).get_table_names()
    engine.dispose()


def _is_ours(_object: object, name: str | None, *_: object) -> bool:
    """The keyword index is a virtual table with shadows: Alembic does not know such tables."""
    return not str(name).startswith("chunk_words")


def test_sessions_of_before_have_titles_and_are_found(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    migrations.upgrade(engine)
    undo = config(engine)
    command.downgrade(undo, "0008")
    undo.attributes["connection"].commit()
    undo.attributes["connection"].close()
    with engine.begin() as connection:
        columns = "client_id, created_at, last_modified, embedding_fingerprint"
        connection.execute(text(f"INSERT INTO clients ({columns}) VALUES ('acme', 1, 1, '')"))
        new = "INSERT INTO sessions (session_id, created_at, last_accessed, client_id) VALUES (:session, 1, 1, 'acme')"
        connection.execute(text(new), [{"session": session_id} for session_id in ("a", "b", "silent")])
        rows = [
            {"session": "ab"[n % 2], "role": ("user", "assistant")[n // 2 % 2], "text": f"Wort\n{n} Ü."}
            for n in range(2500)
        ]
        new = "INSERT INTO messages (session_id, role, content, timestamp) VALUES (:session, :role, :text, 1)"
        connection.execute(text(new), rows)
    migrations.upgrade(engine)
    with engine.connect() as connection:
        page = titled_sessions.list_page(connection, Tenant("acme"), None, "", 2.0, 10, 0)
        found = titled_sessions.list_page(connection, Tenant("acme"), None, "wort 2499 ü", 2.0, 10, 0)
    engine.dispose()
    assert {each.session.session_id: each.title for each in page.sessions} == {
        "a": "Wort 0 Ü.",
        "b": "Wort 1 Ü.",
        "silent": "silent",
    }
    assert [each.session.session_id for each in found.sessions] == ["b"]
