"""The keyword index of a database from before scripts without spaces could be found is brought up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from conversational_rag.db import migrations

TEXTS = {1: "The harbour opens at dawn.", 2: "房东须退还押金。", 3: "يحق للمستأجر فسخ العقد", 4: "Søren lives in Łódź."}


def fill(connection: Connection) -> None:
    connection.execute(text("INSERT INTO clients VALUES ('acme', 0, 0, 'model', 0, 0)"))
    connection.execute(
        text(
            "INSERT INTO documents (id, client_id, filename, sha256, kind, bytes, characters, chunk_size,"
            " chunk_overlap, status, created_at) VALUES ('doc', 'acme', 'a.txt', 's', 'txt', 1, 1, 1, 0, 'ready', 0)"
        )
    )
    for number, content in TEXTS.items():
        connection.execute(
            text(
                "INSERT INTO chunks (id, client_id, document_id, ordinal, start, title, text, vector)"
                " VALUES (:id, 'acme', 'doc', :id, 0, 'a', :text, x'00')"
            ),
            {"id": number, "text": content},
        )


def found(connection: Connection, word: str) -> list[int]:
    statement = text("SELECT rowid FROM chunk_words WHERE chunk_words MATCH :query ORDER BY rowid")
    return list(connection.execute(statement, {"query": word}).scalars())


def test_an_existing_database_finds_them_and_forgets_them_again(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        fill(connection)
        assert found(connection, "押金") == found(connection, "soren") == []
        command.upgrade(config, "0007")
        assert [found(connection, word) for word in ("harbour", "押金", "عقد", "soren")] == [[1], [2], [3], [4]]
        connection.execute(text("INSERT INTO chunk_words(chunk_words, rank) VALUES ('integrity-check', 1)"))
        connection.execute(text("DELETE FROM chunks WHERE id IN (2, 4)"))
        assert [found(connection, word) for word in ("押金", "soren", "lives", "harbour")] == [[], [], [], [1]]
        connection.execute(text("INSERT INTO chunk_words(chunk_words, rank) VALUES ('integrity-check', 1)"))
    engine.dispose()


def test_a_run_that_broke_off_under_the_former_rules_is_taken_up(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        fill(connection)
        connection.execute(text("UPDATE clients SET embedding_fingerprint = ''"))
        command.upgrade(config, "0007")
        row = connection.execute(text("SELECT former_fingerprint, outdated_after, outdated_to FROM clients")).one()
        assert tuple(row) == ("", 0, 4)
    engine.dispose()
