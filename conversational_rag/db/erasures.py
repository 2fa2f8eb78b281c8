"""Erasures: deletions after which the keyword index still holds words on the disk, so that a crash forgets none."""

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from conversational_rag.db.tables import erasures


def ask(connection: Connection) -> None:
    """Something was deleted; its words are to go."""
    connection.execute(insert(erasures))


def admin_latest(connection: Connection) -> int | None:
    """The number of the last one that was asked for, None when there is nothing to erase."""
    return connection.execute(select(func.max(erasures.c.id))).scalar()


def admin_finish(connection: Connection, latest: int) -> None:
    """All up to that one are done."""
    connection.execute(delete(erasures).where(erasures.c.id <= bindparam("latest")), {"latest": latest})
