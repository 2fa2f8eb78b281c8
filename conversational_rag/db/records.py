"""Records: rows as they are, to be written out and read in again: a database's summary, and all rows of one client."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from conversational_rag.db import session_texts
from conversational_rag.db.documents import EMPTY, FAILED, READY
from conversational_rag.db.tables import chunks, clients, documents, messages, pages, sessions
from conversational_rag.db.usage_tables import usage
from conversational_rag.security.tenants import Tenant

Record = dict[str, Any]

_COUNTED = (clients, documents, chunks, sessions, messages)
# Documents that have come to their end; those on their way are left out.
_SETTLED = documents.c.status.in_((READY, FAILED, EMPTY))
_OWN = documents.c.client_id == bindparam("client")
_VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a database holds: the revision of its tables, rows by table, documents that may have an original."""

    revision: str
    counts: dict[str, int]
    fingerprints: list[str]
    originals: list[str]


def summary(connection: Connection) -> Summary:
    """Of the whole database; also of one whose tables are older than this program."""
    revision: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    counts = {table.name: _count(connection, table) for table in _COUNTED}
    prints = connection.execute(select(clients.c.embedding_fingerprint).distinct()).scalars()
    originals = connection.execute(select(documents.c.id)).scalars()
    return Summary(revision, counts, sorted(prints), list(originals))


def admin_distrust_indexes(connection: Connection) -> None:
    """Every client's vector index is to be made anew."""
    connection.execute(update(clients).values(index_dirty=1))


# What is written out of one client, parents first. Every row of `chunks` comes with its vector.
_OF_CLIENT: dict[str, Select[Any]] = {
    "documents": select(documents).where(_OWN, _SETTLED).order_by(documents.c.created_at, documents.c.id),
    "pages": select(pages).join(documents).where(_OWN, _SETTLED).order_by(pages.c.document_id, pages.c.ordinal),
    "chunks": select(chunks).join(documents, documents.c.id == chunks.c.document_id).where(_OWN, _SETTLED)
    .order_by(chunks.c.id),
    "sessions": select(sessions).where(sessions.c.client_id == bindparam("client")).order_by(sessions.c.session_id),
    "messages": select(messages).join(sessions).where(sessions.c.client_id == bindparam("client"))
    .order_by(messages.c.id),
    "usage": select(usage).where(usage.c.client_id == bindparam("client")).order_by(usage.c.id),
}  # fmt: skip
_TABLES = {table.name: table for table in (documents, pages, chunks, sessions, messages, usage)}
KINDS = tuple(_OF_CLIENT)


def rows_of(connection: Connection, tenant: Tenant, kind: str) -> Iterator[Record]:
    """All rows of the client of one of the KINDS, one at a time."""
    result = connection.execution_options(yield_per=500).execute(_OF_CLIENT[kind], {"client": tenant.client_id})
    for row in result.mappings():
        yield dict(row)


def columns(kind: str) -> tuple[str, ...]:
    """The names that a row of that kind has."""
    return tuple(column.name for column in _TABLES[kind].columns)


def insert_client(connection: Connection, tenant: Tenant, created_at: float, fingerprint: str, now: float) -> None:
    """Make the client, with an index that is to be made."""
    values = {"client_id": tenant.client_id, "created_at": created_at, "last_modified": now, "index_dirty": 1}
    connection.execute(insert(clients), {**values, "embedding_fingerprint": fingerprint})


def insert_rows(connection: Connection, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows as they are. Raises ValueError when they are no rows of that kind."""
    if rows:
        with _refused_as_value_error():
            connection.execute(insert(_TABLES[kind]), list(rows))


def insert_message(connection: Connection, row: Mapping[str, Any]) -> int:
    """Store a message; its new id. Raises ValueError when it is none."""
    with _refused_as_value_error():
        new_id: int = connection.execute(insert(messages).returning(messages.c.id), dict(row)).scalar_one()
    session_texts.add(connection, row["session_id"], new_id, str(row["content"]))
    return new_id


def taken(connection: Connection, kind: str, ids: Sequence[str]) -> set[str]:
    """Which of these ids of documents or sessions are in use, whosever they are."""
    column = documents.c.id if kind == "documents" else sessions.c.session_id
    found: set[str] = set()
    for first in range(0, len(ids), 500):
        found.update(connection.execute(select(column).where(column.in_(ids[first : first + 500]))).scalars())
    return found


def fingerprint_of(connection: Connection, tenant: Tenant) -> str:
    """The model of all the client's vectors; empty while they are being made anew by another one."""
    found = select(clients.c.embedding_fingerprint, clients.c.former_fingerprint)
    row = connection.execute(found.where(clients.c.client_id == tenant.client_id)).one()
    fingerprint: str = row.embedding_fingerprint
    return fingerprint if row.former_fingerprint is None else ""


def is_client(connection: Connection, tenant: Tenant) -> bool:
    """Whether there is such a client, or one of that name is still being deleted."""
    found = select(clients.c.client_id).where(clients.c.client_id == bindparam("client"))
    return connection.execute(found, {"client": tenant.client_id}).first() is not None


@contextmanager
def _refused_as_value_error() -> Iterator[None]:
    """The schema's rules are broken; a database that cannot be written is another matter."""
    try:
        yield
    except StatementError as error:
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
            raise
        raise ValueError(str(error.orig)) from error


def _count(connection: Connection, table: Table) -> int:
    total: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return total
