"""Clients: who has documents here. A client that is being deleted is not there any more for anybody."""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from conversational_rag.db.tables import chunks, clients, documents, messages, sessions
from conversational_rag.security.tenants import Tenant

# The fingerprint of a client whose vectors are being made anew: no model's.
BEING_REINDEXED = ""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as it stands; `last_modified` in Unix seconds."""

    tenant: Tenant
    last_modified: float
    embedding_fingerprint: str
    index_dirty: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much a client has."""

    documents: int
    chunks: int
    sessions: int
    messages: int


_SELECT = select(
    clients.c.client_id, clients.c.last_modified, clients.c.embedding_fingerprint, clients.c.index_dirty
).where(clients.c.deleting == 0)
_FIND = _SELECT.where(clients.c.client_id == bindparam("client"))
_OF_CLIENT = clients.c.client_id == bindparam("client")
_COUNTS = (
    select(func.count()).select_from(documents).where(documents.c.client_id == bindparam("client")),
    select(func.count()).select_from(chunks).where(chunks.c.client_id == bindparam("client")),
    select(func.count()).select_from(sessions).where(sessions.c.client_id == bindparam("client")),
    select(func.count()).select_from(messages.join(sessions)).where(sessions.c.client_id == bindparam("client")),
)


def find(connection: Connection, tenant: Tenant) -> ClientRow | None:
    """The client, None when there is none."""
    row = connection.execute(_FIND, {"client": tenant.client_id}).one_or_none()
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


def set_fingerprint(connection: Connection, tenant: Tenant, fingerprint: str) -> None:
    """All vectors of the client have been made anew by this model."""
    values = {"client": tenant.client_id, "embedding_fingerprint": fingerprint}
    connection.execute(update(clients).where(_OF_CLIENT), values)


def mark_deleting(connection: Connection, tenant: Tenant) -> None:
    """From here on nobody sees the client; `delete_rows` follows."""
    connection.execute(update(clients).where(_OF_CLIENT), {"client": tenant.client_id, "deleting": 1})


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


def admin_list_deleting(connection: Connection) -> list[Tenant]:
    """Clients whose deletion was begun."""
    rows = connection.execute(select(clients.c.client_id).where(clients.c.deleting == 1))
    return [Tenant(row.client_id) for row in rows]


def _client(row: Row[str, float, str, int]) -> ClientRow:
    return ClientRow(Tenant(row.client_id), row.last_modified, row.embedding_fingerprint, bool(row.index_dirty))
