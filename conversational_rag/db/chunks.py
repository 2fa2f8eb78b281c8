"""Chunks: the pieces of text that are searched, with their vectors. This is the truth; the vector store is an index."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, FromClause, and_, bindparam, delete, func, insert, select, update

from conversational_rag.db.documents import INDEXED
from conversational_rag.db.prepared import Prepared
from conversational_rag.db.spelling import further_words
from conversational_rag.db.tables import chunks, documents
from conversational_rag.security.tenants import Tenant

# Some milliseconds, most of them the keyword index's.
_DELETED_AT_ONCE = 100
_WIRE = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk to be stored; `start` is its character offset on the page, `vector` has shape (dimensions,)."""

    ordinal: int
    page: int | None
    start: int
    title: str
    text: str
    vector: NDArray[np.float32]
    place: str | None = None


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk of a ready document."""

    id: int
    document_id: str
    filename: str
    ordinal: int
    page: int | None
    start: int
    text: str
    place: str | None = None


class Outline(NamedTuple):
    """A chunk without its text; `before` and `after` are the ids of those beside it on the same page.

    A tuple, because a search reads 170 of them, and a dataclass takes three times as long to make.
    """

    id: int
    document_id: str
    characters: int
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Vectors:
    """Ids, shape (n,), and their vectors, shape (n, dimensions)."""

    ids: NDArray[np.int64]
    matrix: NDArray[np.float32]


_before, _after = chunks.alias("before"), chunks.alias("after")


def _is_beside(other: FromClause, ordinal: ColumnElement[int]) -> ColumnElement[bool]:
    # Two chunks without a page are on the same one.
    same_page = other.c.page.is_not_distinct_from(chunks.c.page)
    return and_(other.c.document_id == chunks.c.document_id, other.c.ordinal == ordinal, same_page)


_OWN = chunks.c.client_id == bindparam("client")
_READY = and_(documents.c.id == chunks.c.document_id, documents.c.status == "ready")
# One JSON array: with a parameter for each id the statement would be another one for each number of them.
_IDS = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
_GET = Prepared(
    select(
        chunks.c.id,
        chunks.c.document_id,
        documents.c.filename,
        chunks.c.ordinal,
        chunks.c.page,
        chunks.c.start,
        chunks.c.text,
        chunks.c.place,
    )
    .select_from(chunks.join(documents, _READY))
    .where(_OWN, chunks.c.id.in_(_IDS))
)
# Of what two narrow indexes hold (see db/tables.py): a chunk itself, with its vector, takes a page of the file.
_OUTLINES = Prepared(
    select(
        chunks.c.id,
        chunks.c.document_id,
        func.length(chunks.c.text),
        _before.c.id,
        _after.c.id,
    )
    .select_from(
        chunks.join(documents, _READY)
        .outerjoin(_before, _is_beside(_before, chunks.c.ordinal - 1))
        .outerjoin(_after, _is_beside(_after, chunks.c.ordinal + 1))
    )
    .where(_OWN, chunks.c.id.in_(_IDS))
)
_READY_VECTORS = (
    select(chunks.c.id, chunks.c.vector).select_from(chunks.join(documents, _READY)).where(_OWN).order_by(chunks.c.id)
)
_NEXT = (
    select(chunks.c.id, chunks.c.vector, chunks.c.title, chunks.c.text)
    .where(_OWN, chunks.c.id > bindparam("after"))
    .order_by(chunks.c.id)
    .limit(bindparam("limit"))
)
_INDEXED = and_(documents.c.id == chunks.c.document_id, documents.c.status.in_(INDEXED))
_NEXT_INDEXED = _NEXT.select_from(chunks.join(documents, _INDEXED))
_NEXT_OF_DOCUMENT = _NEXT.where(chunks.c.document_id == bindparam("document"))


def insert_all(connection: Connection, tenant: Tenant, document_id: str, new: Sequence[NewChunk]) -> list[int]:
    """Store the chunks of one document; their ids, in the order of the ordinals."""
    rows = [
        {
            "client_id": tenant.client_id,
            "document_id": document_id,
            "ordinal": chunk.ordinal,
            "page": chunk.page,
            "start": chunk.start,
            "title": chunk.title,
            "text": chunk.text,
            "vector": _to_bytes(chunk.vector),
            "place": chunk.place,
            "words": further_words(f"{chunk.title}\n{chunk.text}"),
        }
        for chunk in new
    ]
    connection.execute(insert(chunks), rows)
    return ids_of(connection, tenant, [document_id])


def delete_of(connection: Connection, tenant: Tenant, document_id: str) -> None:
    """Delete the chunks of a document that is read anew."""
    statement = delete(chunks).where(_OWN, chunks.c.document_id == bindparam("document"))
    connection.execute(statement, {"client": tenant.client_id, "document": document_id})


def delete_some(connection: Connection, tenant: Tenant, document_ids: Sequence[str] | None = None) -> int:
    """Delete some chunks of the client, or of these documents of it, that nobody sees any more; how many went, 0 at
    the end. All of a large client at once would keep other writers waiting for seconds."""
    doomed = select(chunks.c.id).where(_OWN).limit(_DELETED_AT_ONCE)
    if document_ids is not None:
        doomed = doomed.where(chunks.c.document_id.in_(document_ids))
    return connection.execute(delete(chunks).where(chunks.c.id.in_(doomed)), {"client": tenant.client_id}).rowcount


def ids_of(connection: Connection, tenant: Tenant, document_ids: Sequence[str]) -> list[int]:
    """The chunk ids of these documents, in reading order."""
    statement = (
        select(chunks.c.id)
        .where(_OWN, chunks.c.document_id.in_(document_ids))
        .order_by(chunks.c.document_id, chunks.c.ordinal)
    )
    return list(connection.execute(statement, {"client": tenant.client_id}).scalars())


def get(connection: Connection, tenant: Tenant, ids: Sequence[int]) -> dict[int, ChunkRow]:
    """The chunks with these ids that belong to the client and to a ready document; others are left out."""
    rows = _GET.rows(connection, {"client": tenant.client_id, "ids": json.dumps(list(ids))})
    return {row[0]: ChunkRow(*row) for row in rows}


def outlines(connection: Connection, tenant: Tenant, ids: Sequence[int]) -> dict[int, Outline]:
    """The same chunks, without their text."""
    rows = _OUTLINES.rows(connection, {"client": tenant.client_id, "ids": json.dumps(list(ids))})
    return {row[0]: Outline._make(row) for row in rows}


def count_indexed(connection: Connection, tenant: Tenant) -> int:
    """How many chunks of the client the vector index holds when it is whole."""
    statement = select(func.count()).select_from(chunks.join(documents, _INDEXED)).where(_OWN)
    total: int = connection.execute(statement, {"client": tenant.client_id}).scalar_one()
    return total


def ready_vectors(connection: Connection, tenant: Tenant) -> Vectors:
    """Every vector that may be found, for an exact search."""
    return _vectors(connection.execute(_READY_VECTORS, {"client": tenant.client_id}).all())


def next_vectors(connection: Connection, tenant: Tenant, after: int, limit: int) -> Vectors:
    """Up to `limit` vectors with ids above `after` that belong into the vector index."""
    rows = connection.execute(_NEXT_INDEXED, {"client": tenant.client_id, "after": after, "limit": limit}).all()
    return _vectors([(row.id, row.vector) for row in rows])


def next_vectors_of(connection: Connection, tenant: Tenant, document_id: str, after: int, limit: int) -> Vectors:
    """Up to `limit` vectors of one document with ids above `after`."""
    values = {"client": tenant.client_id, "document": document_id, "after": after, "limit": limit}
    return _vectors([(row.id, row.vector) for row in connection.execute(_NEXT_OF_DOCUMENT, values)])


def next_texts(connection: Connection, tenant: Tenant, after: int, limit: int) -> list[tuple[int, str, str]]:
    """Up to `limit` (id, title, text) with ids above `after`, to be embedded anew."""
    rows = connection.execute(_NEXT, {"client": tenant.client_id, "after": after, "limit": limit})
    return [(row.id, row.title, row.text) for row in rows]


def set_vectors(connection: Connection, tenant: Tenant, new: Vectors) -> None:
    """Replace the vectors of these chunks."""
    statement = update(chunks).where(_OWN, chunks.c.id == bindparam("chunk")).values(vector=bindparam("new"))
    rows = [
        {"client": tenant.client_id, "chunk": int(chunk_id), "new": _to_bytes(vector)}
        for chunk_id, vector in zip(new.ids, new.matrix, strict=True)
    ]
    connection.execute(statement, rows)


def id_array(ids: Sequence[int]) -> NDArray[np.int64]:
    """Ids as `Vectors` holds them."""
    return np.array(ids, dtype=np.int64)


def _to_bytes(vector: NDArray[np.float32]) -> bytes:
    return vector.astype(_WIRE, copy=False).tobytes()


def _vectors(rows: Sequence[tuple[int, bytes]]) -> Vectors:
    ids = id_array([row[0] for row in rows])
    flat = np.frombuffer(b"".join(row[1] for row in rows), dtype=_WIRE).astype(np.float32, copy=False)
    return Vectors(ids, flat.reshape(len(rows), -1) if rows else flat.reshape(0, 0))
