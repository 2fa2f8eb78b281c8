"""Clients: who has documents here. A client that is being deleted is not there any more for anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from conversational_rag.db.prepared import Prepared
from conversational_rag.db.tables import chunks, clients, documents, jobs, messages, pages, replies, sessions
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as it stands; `last_modified` in Unix seconds.

    `former_fingerprint` is the model's that filled its vector index, while its chunks are embedded anew (else None).
    """

    tenant: Tenant
    last_modified: float
    embedding_fingerprint: str
    former_fingerprint: str | None
    index_dirty: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much a client has."""

    documents: int
    pages: int
    chunks: int
    jobs: int
    sessions: int
    messages: int
    replies: int

    @property
    def rows(self) -> int:
        """All of it."""
        return sum(getattr(self, name) for name in Holdings.__dataclass_fields__)


_SELECT = select(
    clients.c.client_id,
    clients.c.last_modified,
    clients.c.embedding_fingerprint,
    clients.c.former_fingerprint,
    clients.c.index_dirty,
).where(clients.c.deleting == 0)
_FIND = Prepared(_SELECT.where(clients.c.client_id == bindparam("client")))
_OF_CLIENT = clients.c.client_id == bindparam("client")
_COUNTS = tuple(
    select(func.count()).select_from(source).where(owned.c.client_id == bindparam("client"))
    for source, owned in (
        (documents, documents),
        (pages.join(documents), documents),
        (chunks, chunks),
        (jobs, jobs),
        (sessions, sessions),
        (messages.join(sessions), sessions),
        (replies, replies),
    )
)


def find(connection: Connection, tenant: Tenant) -> ClientRow | None:
    """The client, None when there is none."""
    row = _FIND.row(connection, {"client": tenant.client_id})
    return None if row is None else _client(row)


def create(connection: Connection, tenant: Tenant, fingerprint: str, now: float) -> None:
    """Make the client; one that exists stays as it is."""
    if find(connection, tenant) is None:
        values = {"client_id": tenant.client_id, "created_at": now, "last_modified": now}
        connection.execute(insert(clients), {**values, "embedding_fingerprint": fingerprint})


def touch(connection: Connection, tenant: Tenant, now: float) -> None:
    """Its documents have changed."""
    connection.execute(update(clients).where(_OF_CLIENT), {"client": tenant.client_id, "last_modified": now})


def mark_index(connection: Connection, tenant: Tenant, *, dirty: bool) -> None:
    """Raise the mark before the index changes, take it down when the change is complete."""
    connection.execute(update(clients).where(_OF_CLIENT), {"client": tenant.client_id, "index_dirty": int(dirty)})


def mark_deleting(connection: Connection, tenant: Tenant) -> None:
    """From here on nobody sees the client; `delete_rows` follows."""
    connection.execute(update(clients).where(_OF_CLIENT), {"client": tenant.client_id, "deleting": 1})


def is_deleting(connection: Connection, tenant: Tenant) -> bool:
    """Whether the client's deletion was begun and is not complete."""
    statement = select(clients.c.client_id).where(_OF_CLIENT, clients.c.deleting == 1)
    return connection.execute(statement, {"client": tenant.client_id}).first() is not None


def delete_rows(connection: Connection, tenant: Tenant) -> Holdings:
    """Delete the client with everything below it; what went."""
    went = holdings(connection, tenant)
    connection.execute(delete(clients).where(_OF_CLIENT), {"client": tenant.client_id})
    return went


def holdings(connection: Connection, tenant: Tenant) -> Holdings:
    """Count what the client has, in whatever state."""
    client = {"client": tenant.client_id}
    return Holdings(*(connection.execute(count, client).scalar_one() for count in _COUNTS))


def admin_list(connection: Connection) -> list[ClientRow]:
    """Every client, by name."""
    return [_client(row) for row in connection.execute(_SELECT.order_by(clients.c.client_id))]


def admin_list_dirty(connection: Connection) -> list[Tenant]:
    """Clients whose index was being changed, or waits to be rebuilt, by name."""
    dirty = select(clients.c.client_id).where(clients.c.deleting == 0, clients.c.index_dirty == 1)
    return [Tenant(row.client_id) for row in connection.execute(dirty.order_by(clients.c.client_id))]


def admin_list_deleting(connection: Connection) -> list[Tenant]:
    """Clients whose deletion was begun."""
    rows = connection.execute(select(clients.c.client_id).where(clients.c.deleting == 1))
    return [Tenant(row.client_id) for row in rows]


def _client(row: Sequence[Any]) -> ClientRow:
    client_id, last_modified, fingerprint, former, dirty = row
    return ClientRow(Tenant(client_id), last_modified, fingerprint, former, bool(dirty))
