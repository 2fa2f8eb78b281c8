"""Stages: how a document gets from its arrival into the index. Each step is taken only from the one before it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from conversational_rag.db import documents as rows
from conversational_rag.db.documents import EMBEDDING, EMPTY, FAILED, INDEXING, PARSING, QUEUED, READY, UNFINISHED
from conversational_rag.db.tables import clients, documents
from conversational_rag.security.tenants import Tenant

# Its text is not stored yet, or not all of it.
UNREAD = (QUEUED, PARSING, EMBEDDING)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a file; `verdict` is JSON for its owner."""

    kind: str
    pages: int | None
    pages_without_text: int
    characters: int
    verdict: str


_THIS = and_(documents.c.client_id == bindparam("client"), documents.c.id == bindparam("document"))
# Of a client that is being deleted nothing is taken in any more.
_WANTED = (
    select(clients.c.client_id).where(clients.c.client_id == documents.c.client_id, clients.c.deleting == 0).exists()
)
_STAGE = select(documents.c.status).where(_THIS, _WANTED)
_UNTRIED = _STAGE.where(documents.c.status.in_(UNREAD), documents.c.attempts == 0)
_newer = documents.alias()
_SUPERSEDED = select(documents.c.id).where(
    _THIS,
    select(_newer.c.id)
    .where(
        _newer.c.client_id == documents.c.client_id,
        _newer.c.filename == documents.c.filename,
        _newer.c.status == READY,
        _newer.c.created_at > documents.c.created_at,
    )
    .exists(),
)


def find(connection: Connection, tenant: Tenant, document_id: str) -> str | None:
    """At which stage the document is; None when it is gone, or its client is going."""
    stage: str | None = connection.execute(_STAGE, _of(tenant, document_id)).scalar()
    return stage


def is_untried(connection: Connection, tenant: Tenant, document_id: str) -> bool:
    """Whether it is to be read, and no run has broken off at it before."""
    return connection.execute(_UNTRIED, _of(tenant, document_id)).first() is not None


def begin(connection: Connection, tenant: Tenant, document_id: str) -> int | None:
    """Reading it begins; for the how manieth time. None when it is gone or finished."""
    statement = (
        update(documents)
        .where(_THIS, _WANTED, documents.c.status.in_(UNFINISHED))
        .values(status=PARSING, attempts=documents.c.attempts + 1)
        .returning(documents.c.attempts)
    )
    attempts: int | None = connection.execute(statement, _of(tenant, document_id)).scalar_one_or_none()
    return attempts


def uncount(connection: Connection, tenant: Tenant, document_id: str) -> None:
    """An attempt that ended in good order was none."""
    statement = update(documents).where(_THIS, documents.c.attempts > 0).values(attempts=documents.c.attempts - 1)
    connection.execute(statement, _of(tenant, document_id))


def set_findings(connection: Connection, tenant: Tenant, document_id: str, found: Findings) -> bool:
    """It has been read, its chunks are being embedded; False when it is gone."""
    values = {name: getattr(found, name) for name in Findings.__dataclass_fields__}
    return _advance(connection, tenant, document_id, PARSING, {**values, "status": EMBEDDING})


def mark_indexing(connection: Connection, tenant: Tenant, document_id: str) -> bool:
    """All its chunks are stored and go to the vector index now; False when it is gone."""
    return _advance(connection, tenant, document_id, EMBEDDING, {"status": INDEXING})


def is_superseded(connection: Connection, tenant: Tenant, document_id: str) -> bool:
    """Whether a newer document of the same name is ready: it was tried again too late."""
    return connection.execute(_SUPERSEDED, _of(tenant, document_id)).first() is not None


def fail(connection: Connection, tenant: Tenant, document_id: str, status: str, code: str, error: str) -> None:
    """It could not be stored (`failed` or `empty`); former failures of the same name give way to this one."""
    row = rows.find(connection, tenant, document_id)
    if row is None:
        return
    former = rows.ids_of_name(connection, tenant, row.filename, (FAILED, EMPTY))
    rows.delete_rows(connection, tenant, [each for each in former if each != document_id])
    statement = update(documents).where(_THIS).values(status=status, error_code=code, error=error)
    connection.execute(statement, _of(tenant, document_id))


def _advance(connection: Connection, tenant: Tenant, document_id: str, status: str, values: dict[str, Any]) -> bool:
    statement = update(documents).where(_THIS, _WANTED, documents.c.status == status).values(**values)
    return connection.execute(statement, _of(tenant, document_id)).rowcount == 1


def _of(tenant: Tenant, document_id: str) -> dict[str, str]:
    return {"client": tenant.client_id, "document": document_id}
