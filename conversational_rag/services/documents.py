"""Documents: files become searchable. Each file is stored whole or not at all, and its owner is told which.

The order makes a crash harmless: rows with text and vectors first, then the vector index, `ready` last.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import structlog

from conversational_rag.db import chunks, clients, documents
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.documents import DocumentRow, NewDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import BadInput, NoText, NothingStored, ServiceError
from conversational_rag.ingestion.pipeline import ParsedFile, Reader
from conversational_rag.observability.metrics import Metrics
from conversational_rag.security.tenants import Tenant, new_client_id
from conversational_rag.services.clients import Clients
from conversational_rag.services.conversations import Clock
from conversational_rag.services.search_index import SearchIndex

READY, UNCHANGED, FAILED, EMPTY = "ready", "unchanged", "failed", "empty"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived: where it lies, what its owner calls it, and why it was refused on the way, if it was."""

    path: Path
    filename: str
    sha256: str
    bytes: int
    refused: BadInput | None = None


@dataclass(frozen=True, slots=True)
class Splitting:
    """How text is cut: characters a chunk, and how many of them the next one repeats."""

    chunk_size: int
    chunk_overlap: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    filename: str
    status: str
    document_id: str | None = None
    pages: int | None = None
    chunks: int = 0
    error: ServiceError | None = None

    def describe(self) -> dict[str, Any]:
        """The outcome as its owner sees it."""
        return {
            "document_id": self.document_id,
            "filename": self.filename,
            "status": self.status,
            "pages": self.pages,
            "chunks": self.chunks,
            "error": self.error.detail if self.error else None,
            "code": self.error.code if self.error else None,
        }


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of an upload; `created`: the client is new."""

    tenant: Tenant
    created: bool
    outcomes: tuple[Outcome, ...]


class Documents:
    """Takes files in."""

    def __init__(
        self,
        database: Database,
        clients: Clients,
        index: SearchIndex,
        pool: EmbeddingPool,
        reader: Reader,
        now: Clock,
        metrics: Metrics,
    ) -> None:
        self._database, self._clients, self._index = database, clients, index
        self._pool, self._reader, self._now, self._metrics = pool, reader, now, metrics

    async def ingest(self, tenant: Tenant | None, uploads: Sequence[Upload], splitting: Splitting) -> Ingested:
        """Store the files for the client (None: a new one), one after the other.

        Raises NothingStored, or the one error that all files share, when none of them could be stored, and
        EmbeddingModelChanged.
        """
        owner = tenant or Tenant(new_client_id())
        client = await self._clients.find(owner)
        if client is not None:
            await self._clients.require_same_model(client)
        outcomes = [await self._take(owner, upload, splitting) for upload in _without_namesakes(uploads)]
        for outcome in outcomes:
            self._metrics.documents.labels(outcome.status).inc()
        if all(outcome.status in (FAILED, EMPTY) for outcome in outcomes):
            raise _nothing_stored(outcomes)
        return Ingested(owner, client is None, tuple(outcomes))

    async def _take(self, tenant: Tenant, upload: Upload, splitting: Splitting) -> Outcome:
        try:
            if upload.refused is not None:
                raise upload.refused
            same = await self._database.read(
                documents.find_same, tenant, upload.sha256, splitting.chunk_size, splitting.chunk_overlap
            )
            if same is not None:
                return _unchanged(upload, same)
            parsed = await self._reader.read(
                upload.path, upload.filename, splitting.chunk_size, splitting.chunk_overlap
            )
            return await self._store(tenant, upload, splitting, parsed)
        except BadInput as error:
            _log.info("file_refused", client_id=tenant.client_id, code=error.code)
            status = EMPTY if isinstance(error, NoText) else FAILED
            return Outcome(upload.filename, status, pages=error.extensions.get("pages"), error=error)

    async def _store(self, tenant: Tenant, upload: Upload, splitting: Splitting, parsed: ParsedFile) -> Outcome:
        title = document_title(upload.filename)
        vectors = await self._pool.embed_passages([f"{title}\n{chunk.text}" for chunk in parsed.chunks])
        document = NewDocument(
            id=f"doc_{uuid.uuid4().hex}",
            filename=upload.filename,
            sha256=upload.sha256,
            kind=str(parsed.kind),
            bytes=upload.bytes,
            pages=parsed.page_count,
            characters=parsed.characters,
            chunk_size=splitting.chunk_size,
            chunk_overlap=splitting.chunk_overlap,
            created_at=self._now(),
        )
        new = [
            NewChunk(chunk.ordinal, chunk.page, chunk.start, title, chunk.text, vector)
            for chunk, vector in zip(parsed.chunks, vectors, strict=True)
        ]
        async with self._index.changing(tenant):
            return await self._index_and_publish(tenant, upload, document, new)

    async def _index_and_publish(
        self, tenant: Tenant, upload: Upload, document: NewDocument, new: list[NewChunk]
    ) -> Outcome:
        ids = await self._database.write(_insert, tenant, document, new, self._pool.fingerprint)
        if isinstance(ids, DocumentRow):  # the same bytes came in twice at once, and the other was first
            return _unchanged(upload, ids)
        await self._index.add(tenant, document.id, ids, np.stack([chunk.vector for chunk in new]))
        replaced = await self._database.write(_publish, tenant, document.id)
        await self._index.remove(tenant, replaced.chunk_ids)
        await self._database.write(
            _finish, tenant, replaced.document_ids, self._now(), dirty=self._index.is_stale(tenant)
        )
        return Outcome(upload.filename, READY, document.id, document.pages, len(new))


def document_title(filename: str) -> str:
    """The file's name in words: it stands before each chunk where meaning and words are indexed."""
    return " ".join(PurePath(filename).stem.replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class _Replaced:
    document_ids: list[str]
    chunk_ids: list[int]


def _insert(
    connection: Connection, tenant: Tenant, document: NewDocument, new: list[NewChunk], fingerprint: str
) -> list[int] | DocumentRow:
    same = documents.find_same(connection, tenant, document.sha256, document.chunk_size, document.chunk_overlap)
    if same is not None:
        return same
    clients.create(connection, tenant, fingerprint, document.created_at)
    clients.mark_index(connection, tenant, dirty=True)
    documents.insert_indexing(connection, tenant, document)
    return chunks.insert_all(connection, tenant, document.id, new)


def _publish(connection: Connection, tenant: Tenant, document_id: str) -> _Replaced:
    replaced = documents.publish(connection, tenant, document_id)
    return _Replaced(replaced, chunks.ids_of(connection, tenant, replaced))


def _finish(connection: Connection, tenant: Tenant, replaced: list[str], now: float, *, dirty: bool) -> None:
    documents.delete_rows(connection, tenant, replaced)
    clients.touch(connection, tenant, now)
    clients.mark_index(connection, tenant, dirty=dirty)


def _unchanged(upload: Upload, same: DocumentRow) -> Outcome:
    return Outcome(upload.filename, UNCHANGED, same.id, same.pages, same.chunks)


def _without_namesakes(uploads: Sequence[Upload]) -> list[Upload]:
    """Two different files of one name in one upload: the second would silently replace the first."""
    first: dict[str, str] = {}
    return [
        upload if first.setdefault(upload.filename, upload.sha256) == upload.sha256 else _namesake(upload)
        for upload in uploads
    ]


def _namesake(upload: Upload) -> Upload:
    error = BadInput("Another file of this name came before it in the same upload; rename one of the two.")
    return replace(upload, refused=error)


def _nothing_stored(outcomes: Sequence[Outcome]) -> ServiceError:
    """One kind of failure keeps its own status and code; several share NothingStored."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    kinds = {type(error) for error in errors}
    shared = kinds.pop() if len(kinds) == 1 else NothingStored
    error = shared(errors[0].detail if len(errors) == 1 else None)
    error.extensions["documents"] = [outcome.describe() for outcome in outcomes]
    return error
