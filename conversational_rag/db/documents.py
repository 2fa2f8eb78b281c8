"""Documents: the files a client has sent, from their arrival on. Only a `ready` one is ever searched.

queued -> parsing -> embedding -> indexing -> ready -> deleting; or, from wherever it is, -> failed | empty. The chunks
of an `embedding` document are not in the vector index; from `indexing` on they are, or the client's mark is raised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from conversational_rag.db.tables import chunks, clients, documents
from conversational_rag.security.tenants import Tenant

QUEUED, PARSING, EMBEDDING, INDEXING = "queued", "parsing", "embedding", "indexing"
READY, FAILED, EMPTY, DELETING = "ready", "failed", "empty", "deleting"
UNFINISHED = (QUEUED, PARSING, EMBEDDING, INDEXING)
# Those whose chunks the vector index holds, or is about to hold.
INDEXED = (INDEXING, READY, DELETING)
# The file of one that was not stored is thrown away.
_WITH_FILE = (*UNFINISHED, READY)


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file that has arrived; what is in it is told later. `created_at` in Unix seconds."""

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
    """A document as it stands, and how many chunks it has."""

    id: str
    filename: str
    sha256: str
    kind: str
    bytes: int
    pages: int | None
    pages_without_text: int
    characters: int
    chunks: int
    chunk_size: int
    chunk_overlap: int
    status: str
    verdict: str | None
    error_code: str | None
    error: str | None
    created_at: float


@dataclass(frozen=True, slots=True)
class Totals:
    """How many ready files a client has, and how many chunks they make."""

    files: int
    chunks: int


_OWN = documents.c.client_id == bindparam("client")
_THIS = and_(_OWN, documents.c.id == bindparam("document"))
_CHUNK_COUNT = select(func.count()).where(chunks.c.document_id == documents.c.id).scalar_subquery()
_SELECT = select(
    *(documents.c[name] for name in ("id", "filename", "sha256", "kind", "bytes", "pages", "pages_without_text")),
    documents.c.characters,
    _CHUNK_COUNT.label("chunks"),
    *(documents.c[name] for name in ("chunk_size", "chunk_overlap", "status", "verdict", "error_code", "error")),
    documents.c.created_at,
)
_VISIBLE = _SELECT.where(_OWN, documents.c.status != DELETING)
_FIND = _VISIBLE.where(documents.c.id == bindparam("document"))
_namesake = documents.alias()
_NAME_TAKEN = (
    select(_namesake.c.id)
    .where(
        _namesake.c.client_id == bindparam("client"),
        _namesake.c.filename == bindparam("filename"),
        _namesake.c.status == READY,
    )
    .exists()
)
_FIND_SAME = _SELECT.where(
    _OWN,
    documents.c.status == READY,
    documents.c.sha256 == bindparam("sha256"),
    documents.c.chunk_size == bindparam("chunk_size"),
    documents.c.chunk_overlap == bindparam("chunk_overlap"),
    or_(documents.c.filename == bindparam("filename"), ~_NAME_TAKEN),
)
_NEWEST_FIRST = (documents.c.created_at.desc(), documents.c.id.desc())
_OLDER = or_(
    documents.c.created_at < bindparam("before"),
    and_(documents.c.created_at == bindparam("before"), documents.c.id < bindparam("before_id")),
)


def find(connection: Connection, tenant: Tenant, document_id: str) -> DocumentRow | None:
    """The client's document, in whatever state, unless it is being deleted."""
    return _document_or_none(connection.execute(_FIND, {"client": tenant.client_id, "document": document_id}).first())


def list_page(
    connection: Connection, tenant: Tenant, limit: int, before: tuple[float, str] | None = None
) -> list[DocumentRow]:
    """Documents of the client, newest first; `before` is the `created_at` and the id of the last one seen."""
    statement, values = _VISIBLE.order_by(*_NEWEST_FIRST).limit(limit), {"client": tenant.client_id}
    if before is None:
        return [_document(row) for row in connection.execute(statement, values)]
    rows = connection.execute(statement.where(_OLDER), {**values, "before": before[0], "before_id": before[1]})
    return [_document(row) for row in rows]


def count(connection: Connection, tenant: Tenant) -> int:
    """How many documents the client has, in whatever state but being deleted."""
    statement = select(func.count()).select_from(documents).where(_OWN, documents.c.status != DELETING)
    total: int = connection.execute(statement, {"client": tenant.client_id}).scalar_one()
    return total


def find_same(connection: Connection, tenant: Tenant, new: DocumentRow) -> DocumentRow | None:
    """The ready document of the same bytes, split the same way.

    Not one of another name while the new one's name stands for other bytes: these must give way to it.
    """
    names = ("filename", "sha256", "chunk_size", "chunk_overlap")
    values = {"client": tenant.client_id, **{name: getattr(new, name) for name in names}}
    return _document_or_none(connection.execute(_FIND_SAME, values).first())


def insert_new(connection: Connection, tenant: Tenant, document: NewDocument, status: str = QUEUED) -> None:
    """Store the row of a document."""
    values = {name: getattr(document, name) for name in NewDocument.__dataclass_fields__}
    connection.execute(insert(documents), {**values, "client_id": tenant.client_id, "status": status})


def mark_deleting(connection: Connection, tenant: Tenant, document_id: str) -> None:
    """From here on nobody sees it; `delete_rows` follows."""
    _set_status(connection, tenant, [document_id], DELETING)


def publish(connection: Connection, tenant: Tenant, document_id: str) -> list[str]:
    """Make the document `ready` in the place of those of the same name or the same bytes; the ids of those replaced.

    Former failures of that name give way too.
    """
    new = connection.execute(
        select(documents.c.filename, documents.c.sha256).where(_OWN, documents.c.id == bindparam("document")),
        {"client": tenant.client_id, "document": document_id},
    ).one()
    same = (documents.c.filename == new.filename) | (documents.c.sha256 == new.sha256)
    old = connection.execute(
        select(documents.c.id).where(_OWN, documents.c.status == READY, same), {"client": tenant.client_id}
    )
    replaced = list(old.scalars())
    delete_rows(connection, tenant, ids_of_name(connection, tenant, new.filename, (FAILED, EMPTY)))
    _set_status(connection, tenant, replaced, DELETING)
    _set_status(connection, tenant, [document_id], READY)
    return replaced


def delete_rows(connection: Connection, tenant: Tenant, document_ids: Sequence[str]) -> int:
    """Delete documents with their chunks and pages; how many documents went."""
    statement = delete(documents).where(_OWN, documents.c.id.in_(document_ids))
    return connection.execute(statement, {"client": tenant.client_id}).rowcount


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
    # Counted by document, out of the index alone: half the time of a join.
    held = select(func.count()).select_from(chunks).where(chunks.c.document_id == documents.c.id).scalar_subquery()
    rows = connection.execute(
        select(clients.c.client_id, func.count(documents.c.id), func.coalesce(func.sum(held), 0))
        .select_from(clients.outerjoin(documents, ready))
        .where(clients.c.deleting == 0)
        .group_by(clients.c.client_id)
        .order_by(clients.c.client_id)
    )
    return {client_id: Totals(files, count) for client_id, files, count in rows}


def ids(connection: Connection, tenant: Tenant) -> list[str]:
    """The ids of all documents of the client, in whatever state."""
    return list(connection.execute(select(documents.c.id).where(_OWN), {"client": tenant.client_id}).scalars())


def ids_of_name(connection: Connection, tenant: Tenant, filename: str, statuses: Sequence[str]) -> list[str]:
    """The ids of the client's documents of that name in those states."""
    statement = select(documents.c.id).where(
        _OWN, documents.c.filename == bindparam("name"), documents.c.status.in_(statuses)
    )
    return list(connection.execute(statement, {"client": tenant.client_id, "name": filename}).scalars())


def admin_owner(connection: Connection, document_id: str) -> Tenant | None:
    """Whose document it is."""
    statement = select(documents.c.client_id).where(documents.c.id == bindparam("document"))
    client_id = connection.execute(statement, {"document": document_id}).scalar_one_or_none()
    return None if client_id is None else Tenant(client_id)


def admin_ids_with_file(connection: Connection) -> set[str]:
    """The ids of all documents, whosever they are, whose file is kept."""
    return set(connection.execute(select(documents.c.id).where(documents.c.status.in_(_WITH_FILE))).scalars())


def admin_list_unfinished(connection: Connection, statuses: Sequence[str] = (INDEXING, DELETING)) -> list[Tenant]:
    """Clients with a document on its way into the vector index or out of it."""
    half = documents.c.status.in_(statuses)
    rows = connection.execute(select(documents.c.client_id).where(half).distinct())
    return [Tenant(client_id) for client_id in rows.scalars()]


def _document_or_none(row: Any) -> DocumentRow | None:
    return None if row is None else _document(row)


def _document(row: Any) -> DocumentRow:
    """SQLAlchemy types a row of at most ten columns."""
    return DocumentRow(*row)


def _set_status(connection: Connection, tenant: Tenant, document_ids: list[str], status: str) -> None:
    statement = update(documents).where(_OWN, documents.c.id.in_(document_ids)).values(status=status)
    connection.execute(statement, {"client": tenant.client_id})
