"""Consistency: what must hold in the tables and is not enforced by them; admin's view, over all clients."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, select, text, update
from sqlalchemy.exc import DatabaseError

from conversational_rag.db import jobs as job_rows
from conversational_rag.db.documents import DELETING, EMBEDDING, INDEXED, PARSING, QUEUED
from conversational_rag.db.jobs import JobFile
from conversational_rag.db.tables import chunks, clients, documents, job_files, jobs, pages
from conversational_rag.security.tenants import Tenant

# FTS5 keeps one row here for each row that it has taken in.
_WORDLESS = text("SELECT id FROM chunks EXCEPT SELECT id FROM chunk_words_docsize")
_CHUNKLESS = text("SELECT id FROM chunk_words_docsize EXCEPT SELECT id FROM chunks")
# Rank 1: against the rows of `chunks`, not only in itself.
_PROVE_WORDS = text("INSERT INTO chunk_words(chunk_words, rank) VALUES ('integrity-check', 1)")
_REBUILD_WORDS = text("INSERT INTO chunk_words(chunk_words) VALUES ('rebuild')")
_PARENTLESS = text('SELECT DISTINCT "table", rowid, parent FROM pragma_foreign_key_check')


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document; of its `chunks` the last one should be the `last_ordinal`, counted from 0."""

    id: str
    tenant: Tenant
    filename: str
    status: str
    chunks: int
    last_ordinal: int | None

    @property
    def is_whole(self) -> bool:
        """Whether no chunk is missing, as far as their numbers tell."""
        return self.chunks > 0 and self.last_ordinal == self.chunks - 1

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be read, or being read."""
        return self.status in (QUEUED, PARSING, EMBEDDING)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file of a job that has not ended, whose outcome is not known yet."""

    job_id: str
    ordinal: int
    filename: str
    document_id: str | None


@dataclass(frozen=True, slots=True)
class Parentless:
    """A row whose parent, in the table of that name, is gone."""

    table: str
    rowid: int
    parent: str


_STORED = (
    select(
        documents.c.id,
        documents.c.client_id,
        documents.c.filename,
        documents.c.status,
        func.count(chunks.c.id),
        func.max(chunks.c.ordinal),
    )
    .select_from(documents.outerjoin(chunks, chunks.c.document_id == documents.c.id))
    .group_by(documents.c.id)
    .order_by(documents.c.id)
)
_OPEN_FILES = (
    select(jobs.c.id, job_files.c.ordinal, job_files.c.filename, job_files.c.document_id)
    .select_from(jobs.join(job_files))
    .where(jobs.c.state != job_rows.DONE, job_files.c.outcome.is_(None))
)
_INDEXED_IDS = (
    select(chunks.c.id)
    .select_from(chunks.join(documents, chunks.c.document_id == documents.c.id))
    .where(chunks.c.client_id == bindparam("client"), documents.c.status.in_([s for s in INDEXED if s != DELETING]))
)


def parentless(connection: Connection) -> list[Parentless]:
    """Rows that point at a row that is gone."""
    return [Parentless(*row) for row in connection.execute(_PARENTLESS)]


def delete_parentless(connection: Connection) -> None:
    """Delete them, and what points at them."""
    while found := parentless(connection):
        for row in found:
            connection.execute(text(f'DELETE FROM "{row.table}" WHERE rowid = :rowid'), {"rowid": row.rowid})  # noqa: S608 a name out of the schema


def unmatched_words(connection: Connection) -> list[int]:
    """Chunks that the keyword index lacks, and those it has too many."""
    return [*connection.execute(_WORDLESS).scalars(), *connection.execute(_CHUNKLESS).scalars()]


def words_are_sound(connection: Connection) -> bool:
    """Whether the keyword index holds what the chunks say, word by word. Takes the writer's place."""
    try:
        connection.execute(_PROVE_WORDS)
    except DatabaseError:
        return False
    return True


def rebuild_words(connection: Connection) -> None:
    """Make the keyword index anew from the chunks."""
    connection.execute(_REBUILD_WORDS)


def stored_documents(connection: Connection) -> list[StoredDocument]:
    """Every document, in whatever state."""
    rows = connection.execute(_STORED)
    return [StoredDocument(row[0], Tenant(row[1]), *row[2:]) for row in rows]


def open_files(connection: Connection) -> list[OpenFile]:
    """What is still to be done."""
    return [OpenFile(*row) for row in connection.execute(_OPEN_FILES)]


def abandoned_jobs(connection: Connection, before: float) -> list[str]:
    """Jobs that somebody has begun, whose lease ran out before that time."""
    held = and_(jobs.c.state == job_rows.RUNNING, func.coalesce(jobs.c.lease_until, 0) < bindparam("before"))
    return list(connection.execute(select(jobs.c.id).where(held), {"before": before}).scalars())


def half_deleted(connection: Connection) -> list[str]:
    """Clients whose deletion was begun."""
    return list(connection.execute(select(clients.c.client_id).where(clients.c.deleting == 1)).scalars())


def being_reindexed(connection: Connection) -> set[str]:
    """Clients whose vectors are partly one model's and partly another's."""
    return set(
        connection.execute(select(clients.c.client_id).where(clients.c.former_fingerprint.is_not(None))).scalars()
    )


def indexed_ids(connection: Connection, tenant: Tenant) -> set[int]:
    """The ids that the client's vector index must hold."""
    return set(connection.execute(_INDEXED_IDS, {"client": tenant.client_id}).scalars())


def read_anew(connection: Connection, document: StoredDocument, job_id: str, task: str, now: float) -> None:
    """Queue the document again, whose file is there: what was read from it goes."""
    _forget_content(connection, document.id)
    fresh = {"status": QUEUED, "attempts": 0, "error_code": None, "error": None}
    connection.execute(update(documents).where(documents.c.id == document.id).values(**fresh))
    files = [JobFile(0, document.filename, document.id)]
    job_rows.insert_queued(connection, document.tenant, job_id, task, files, now, new_client=False, key=None)


def give_up(connection: Connection, document: StoredDocument, status: str, code: str, error: str, outcome: str) -> None:
    """The document cannot be read: it and the uploads that wait for it say why. `outcome` is JSON."""
    _forget_content(connection, document.id)
    connection.execute(
        update(documents).where(documents.c.id == document.id).values(status=status, error_code=code, error=error)
    )
    settle(connection, [file for file in open_files(connection) if file.document_id == document.id], outcome)


def settle(connection: Connection, files: Sequence[OpenFile], outcome: str) -> None:
    """These files will not come to another end."""
    for file in files:
        job_rows.set_outcome(connection, file.job_id, file.ordinal, outcome)


def _forget_content(connection: Connection, document_id: str) -> None:
    connection.execute(delete(chunks).where(chunks.c.document_id == document_id))
    connection.execute(delete(pages).where(pages.c.document_id == document_id))
