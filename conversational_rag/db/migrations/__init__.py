"""Migrations: the history of the tables, run at every start."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

# The newest file in versions/; a test compares. At it, a start does not pay for importing Alembic.
HEAD = "0011"


def upgrade(engine: Engine) -> None:
    """Bring the database behind `engine` to HEAD."""
    with engine.connect() as connection:
        if is_current(connection):
            return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    # One transaction: a start that is killed half-way finds the former form, not half of the new one.
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(connection: Connection) -> bool:
    """Whether the tables are at HEAD."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version == HEAD


def is_known(revision: str) -> bool:
    """Whether this version of the program can bring a database of that revision to HEAD."""
    versions = (Path(__file__).parent / "versions").glob("[0-9]*.py")
    return revision in {path.name.partition("_")[0] for path in versions}
