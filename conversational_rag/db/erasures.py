"""Erasures: deletions after which the keyword index still holds words on the disk, so that a crash forgets none."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from conversational_rag.db import keyword_shards
from conversational_rag.db.tables import erasures
from conversational_rag.security.tenants import Tenant

_FINISH = delete(erasures).where(erasures.c.id <= bindparam("latest"))


@dataclass(frozen=True, slots=True)
class Erasures:
    """What was asked for up to the `latest`: the shards of the keyword index that are to be rewritten."""

    latest: int
    shards: tuple[int, ...]


def ask(connection: Connection, tenant: Tenant) -> None:
    """Something of the client was deleted; its words are to go."""
    connection.execute(insert(erasures).values(shard=keyword_shards.shard_of(tenant)))


def admin_asked(connection: Connection) -> Erasures | None:
    """What is to be erased, None when there is nothing."""
    latest = connection.execute(select(func.max(erasures.c.id))).scalar()
    if latest is None:
        return None
    asked = set(connection.execute(select(erasures.c.shard).distinct()).scalars())
    # Asked for by a former version, whose index was in one piece.
    return Erasures(latest, tuple(keyword_shards.SHARDS) if None in asked else tuple(sorted(asked)))


def admin_finish(connection: Connection, latest: int) -> None:
    """All up to that one are done."""
    connection.execute(_FINISH, {"latest": latest})
