"""Reembedding: clients whose chunks are given vectors of another model, and how far that has come.

While it lasts a client's chunks with ids in (`outdated_after`, `outdated_to`] have vectors of the former model.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, case, func, select, update

from conversational_rag.db import chunks as chunk_rows
from conversational_rag.db.chunks import Vectors
from conversational_rag.db.tables import chunks, clients
from conversational_rag.security.tenants import Tenant

# Vectors of more than one former model: nobody can ask for those.
MIXED = ""


@dataclass(frozen=True, slots=True)
class Outdated:
    """The client's chunks with ids above `after`, up to and including `to`, wait for new vectors."""

    tenant: Tenant
    after: int
    to: int


_OF_CLIENT = clients.c.client_id == bindparam("client")
_LAST_CHUNK = select(func.max(chunks.c.id)).where(chunks.c.client_id == clients.c.client_id).scalar_subquery()
_BEGIN = update(clients).values(
    former_fingerprint=case(
        # Without chunks there is nothing to do.
        (_LAST_CHUNK.is_(None), None),
        (clients.c.former_fingerprint.is_(None), clients.c.embedding_fingerprint),
        else_=MIXED,
    ),
    embedding_fingerprint=bindparam("fingerprint"),
    outdated_after=0,
    outdated_to=func.coalesce(_LAST_CHUNK, 0),
)
_IS_OUTDATED = and_(clients.c.former_fingerprint.is_not(None), clients.c.deleting == 0)
_WAITING = select(clients.c.client_id, clients.c.outdated_after, clients.c.outdated_to).where(_IS_OUTDATED)
_REMAINING = (
    select(func.count(clients.c.client_id.distinct()), func.count(chunks.c.id))
    .select_from(
        clients.outerjoin(
            chunks,
            and_(
                chunks.c.client_id == clients.c.client_id,
                chunks.c.id > clients.c.outdated_after,
                chunks.c.id <= clients.c.outdated_to,
            ),
        )
    )
    .where(_IS_OUTDATED)
)


def admin_begin_all(connection: Connection, fingerprint: str) -> None:
    """From now on the model of this fingerprint makes all vectors; those of other models are outdated."""
    statement = _BEGIN.where(clients.c.embedding_fingerprint != bindparam("fingerprint"))
    connection.execute(statement, {"fingerprint": fingerprint})


def begin(connection: Connection, tenant: Tenant, fingerprint: str) -> None:
    """All vectors of the client are outdated."""
    connection.execute(_BEGIN.where(_OF_CLIENT), {"client": tenant.client_id, "fingerprint": fingerprint})


def admin_waiting(connection: Connection) -> list[Outdated]:
    """The clients that are not done, by name."""
    rows = connection.execute(_WAITING.order_by(clients.c.client_id))
    return [Outdated(Tenant(row.client_id), row.outdated_after, row.outdated_to) for row in rows]


def find(connection: Connection, tenant: Tenant) -> Outdated | None:
    """How far the client is; None when nothing of it is outdated."""
    row = connection.execute(_WAITING.where(_OF_CLIENT), {"client": tenant.client_id}).first()
    return None if row is None else Outdated(tenant, row.outdated_after, row.outdated_to)


def advance(connection: Connection, outdated: Outdated, vectors: Vectors) -> Outdated:
    """Store the next new vectors, in the order of the ids; what is left."""
    chunk_rows.set_vectors(connection, outdated.tenant, vectors)
    after = int(vectors.ids[-1])
    values = {"client": outdated.tenant.client_id, "outdated_after": after}
    connection.execute(update(clients).where(_OF_CLIENT), values)
    return Outdated(outdated.tenant, after, outdated.to)


def finish(connection: Connection, tenant: Tenant) -> None:
    """All vectors are the new model's; the vector index is to be made anew from them."""
    values = {"client": tenant.client_id, "former_fingerprint": None, "index_dirty": 1}
    connection.execute(update(clients).where(_OF_CLIENT), values)


def admin_remaining(connection: Connection) -> tuple[int, int]:
    """How many clients are not done, and how many chunks of theirs."""
    row = connection.execute(_REMAINING).one()
    return row[0], row[1]
