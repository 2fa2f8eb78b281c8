"""Documents: the files a client has uploaded. Only a `ready` one is ever searched or shown."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from conversational_rag.db.tables import chunks, clients, documents
from conversational_rag.security.tenants import Tenant

INDEXING, READY, DELETING = "indexing", "ready", "deleting"


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file that has been read and is about to be stored; `created_at` in Unix seconds."""

    id: str
    filename: str
    sha256: str
    kind: str
    bytes: int
    pages: int | None
    characters: int
    chunk_size: int
    chunk_overlap: int
    created_at: float


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A stored document and how many chunks it has."""

    id: str
    filename: str
    pages: int | None
    chunks: int


@dataclass(frozen=True, slots=True)
class Totals:
    """How many ready files a client has, and how many chunks they make."""

    files: int
    chunks: int


_OWN = documents.c.client_id == bindparam("client")
_CHUNK_COUNT = select(func.count()).where(chunks.c.document_id == documents.c.id).scalar_subquery()
_FIND_SAME = select(documents.c.id, documents.c.filename, documents.c.pages, _CHUNK_COUNT.label("chunks")).where(
    _OWN,
    documents.c.status == READY,
    documents.c.sha256 == bindparam("sha256"),
    documents.c.chunk_size == bindparam("chunk_size"),
    documents.c.chunk_overlap == bindparam("chunk_overlap"),
)


def find_same(
    connection: Connection, tenant: Tenant, sha256: str, chunk_size: int, chunk_overlap: int
) -> DocumentRow | None:
    """The ready document of the same bytes, split the same way."""
    values = {"client": tenant.client_id, "sha256": sha256, "chunk_size": chunk_size, "chunk_overlap": chunk_overlap}
    row = connection.execute(_FIND_SAME, values).first()
    return None if row is None else DocumentRow(row.id, row.filename, row.pages, row.chunks)


def insert_indexing(connection: Connection, tenant: Tenant, document: NewDocument) -> None:
    """Store the row of a document whose vectors are not in the index yet."""
    values = {name: getattr(document, name) for name in NewDocument.__dataclass_fields__}
    connection.execute(insert(documents), {**values, "client_id": tenant.client_id, "status": INDEXING})


def publish(connection: Connection, tenant: Tenant, document_id: str) -> list[str]:
    """Make the document `ready` in the place of those of the same name or the same bytes; the ids of those replaced."""
    new = connection.execute(
        select(documents.c.filename, documents.c.sha256).where(_OWN, documents.c.id == bindparam("document")),
        {"client": tenant.client_id, "document": document_id},
    ).one()
    same = (documents.c.filename == new.filename) | (documents.c.sha256 == new.sha256)
    old = connection.execute(
        select(documents.c.id).where(_OWN, documents.c.status == READY, same), {"client": tenant.client_id}
    )
    replaced = list(old.scalars())
    _set_status(connection, tenant, replaced, DELETING)
    _set_status(connection, tenant, [document_id], READY)
    return replaced


def delete_rows(connection: Connection, tenant: Tenant, document_ids: list[str]) -> None:
    """Delete documents and their chunks."""
    connection.execute(delete(documents).where(_OWN, documents.c.id.in_(document_ids)), {"client": tenant.client_id})


def list_unfinished(connection: Connection, tenant: Tenant, status: str) -> list[str]:
    """The ids of the client's documents in that state, oldest first."""
    rows = connection.execute(
        select(documents.c.id)
        .where(_OWN, documents.c.status == bindparam("status"))
        .order_by(documents.c.created_at, documents.c.id),
        {"client": tenant.client_id, "status": status},
    )
    return list(rows.scalars())


def totals(connection: Connection, tenant: Tenant) -> Totals:
    """What can be searched."""
    row = connection.execute(
        select(func.count(documents.c.id.distinct()), func.count(chunks.c.id))
        .select_from(documents.outerjoin(chunks))
        .where(_OWN, documents.c.status == READY),
        {"client": tenant.client_id},
    ).one()
    return Totals(row[0], row[1])


def admin_totals(connection: Connection) -> dict[str, Totals]:
    """Every client's totals by its id."""
    ready = and_(documents.c.client_id == clients.c.client_id, documents.c.status == READY)
    rows = connection.execute(
        select(clients.c.client_id, func.count(documents.c.id.distinct()), func.count(chunks.c.id))
        .select_from(clients.outerjoin(documents, ready).outerjoin(chunks, chunks.c.document_id == documents.c.id))
        .where(clients.c.deleting == 0)
        .group_by(clients.c.client_id)
        .order_by(clients.c.client_id)
    )
    return {client_id: Totals(files, count) for client_id, files, count in rows}


def admin_list_unfinished(connection: Connection) -> list[Tenant]:
    """Clients with a document that is neither ready nor gone."""
    rows = connection.execute(select(documents.c.client_id).where(documents.c.status != READY).distinct())
    return [Tenant(client_id) for client_id in rows.scalars()]


def _set_status(connection: Connection, tenant: Tenant, document_ids: list[str], status: str) -> None:
    statement = update(documents).where(_OWN, documents.c.id.in_(document_ids)).values(status=status)
    connection.execute(statement, {"client": tenant.client_id})
