"""Ingestion: the files of a job become searchable, one after the other; each is stored whole or says why not.

The order makes a crash harmless: rows with text and vectors first, batch by batch and seen by nobody; then the vector
index; `ready` last, in one transaction with the outcome. A job that is begun again goes on with its first open file.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from json import dumps
from pathlib import PurePath

import structlog

from conversational_rag.db import chunks, clients, documents, jobs, pages
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.documents import DocumentRow, Findings
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import JobFile, Lease
from conversational_rag.db.pages import PageRow
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import BadInput, ReadingGivenUp, ServiceError, Superseded, UploadCancelled
from conversational_rag.ingestion.pipeline import ParsedFile, Reader
from conversational_rag.ingestion.splitting import Chunk
from conversational_rag.ingestion.verdict import judge
from conversational_rag.observability.metrics import Metrics
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import outcomes
from conversational_rag.services.conversations import Clock
from conversational_rag.services.outcomes import Outcome
from conversational_rag.services.progress import Progress
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.uploads import UploadFolder

# So many chunks are embedded, and then written in one short transaction: a question never waits long for either.
_BATCH = 64
_INDEX_BATCH = 250
_PAGE_BATCH = 100
# A file that was begun so often without an end brings the service down.
_MOST_ATTEMPTS = 3
_log = structlog.get_logger()


class Ingestion:
    """The task `ingest`."""

    def __init__(
        self,
        database: Database,
        index: SearchIndex,
        pool: EmbeddingPool,
        reader: Reader,
        folder: UploadFolder,
        now: Clock,
        metrics: Metrics,
    ) -> None:
        self._database, self._index, self._pool = database, index, pool
        self._reader, self._folder, self._now, self._metrics = reader, folder, now, metrics
        self.progress: dict[str, Progress] = {}

    async def run(self, lease: Lease) -> None:
        """Take the files of the job in. A fault that is not a file's own is raised: the job is tried again."""
        for file in await self._database.read(jobs.files, lease.job_id):
            if file.outcome is None:
                await self._take(_Task(lease.job_id, lease.tenant, file))

    async def give_up(self, tenant: Tenant, job_id: str, error: BadInput) -> None:
        """End the job: every file that is not finished has failed with this error."""
        for file in await self._database.read(jobs.files, job_id):
            if file.outcome is None:
                await self._fail(_Task(job_id, tenant, file), error)
        await self._database.write(jobs.end, tenant, job_id, self._now())

    async def _take(self, task: "_Task") -> None:
        try:
            outcome = await self._store(task)
        except BadInput as error:
            _log.info("file_refused", client_id=task.tenant.client_id, code=error.code)
            await self._fail(task, error)
        except asyncio.CancelledError:
            await asyncio.shield(self._database.write(documents.uncount, task.tenant, task.document_id))
            raise
        else:
            self._metrics.documents.labels(outcome.status).inc()
        finally:
            self.progress.pop(task.document_id, None)

    async def _store(self, task: "_Task") -> Outcome:
        document = await self._database.read(documents.find, task.tenant, task.document_id)
        if document is not None and document.status == documents.READY:
            return await self._record(task, outcomes.stored(document))  # published before a crash
        attempts = await self._database.write(_begin, task)
        if document is None or attempts is None:
            raise UploadCancelled
        if attempts > _MOST_ATTEMPTS:
            raise ReadingGivenUp
        same = await self._database.read(
            documents.find_same, task.tenant, document.sha256, document.chunk_size, document.chunk_overlap
        )
        if same is not None:
            return await self._keep_former(task, same)
        await self._read_and_embed(task, document)
        async with self._index.changing(task.tenant):
            return await self._publish(task)

    async def _keep_former(self, task: "_Task", same: DocumentRow) -> Outcome:
        outcome = outcomes.unchanged(task.file.filename, same)
        await self._database.write(_keep_former, task, outcome)
        await self._folder.discard([task.document_id])
        return outcome

    async def _read_and_embed(self, task: "_Task", document: DocumentRow) -> None:
        path = self._folder.path(document.id)
        parsed = await self._reader.read(path, document.filename, document.chunk_size, document.chunk_overlap)
        if not await self._database.write(documents.set_findings, task.tenant, document.id, _findings(parsed)):
            raise UploadCancelled
        progress = self.progress[document.id] = Progress(len(parsed.chunks))
        rows = [PageRow(page.number, page.place, page.text) for page in parsed.pages]
        for first in range(0, len(rows), _PAGE_BATCH):
            await self._database.write(_insert_pages, task, first, rows[first : first + _PAGE_BATCH])
        title = document_title(document.filename)
        for batch in _batches(parsed.chunks):
            vectors = await self._pool.embed_passages([f"{title}\n{chunk.text}" for chunk in batch])
            new = [
                NewChunk(chunk.ordinal, chunk.page, chunk.start, title, chunk.text, vector, chunk.place)
                for chunk, vector in zip(batch, vectors, strict=True)
            ]
            await self._database.write(_insert_chunks, task, new)
            progress.done += len(batch)

    async def _publish(self, task: "_Task") -> Outcome:
        tenant, document_id = task.tenant, task.document_id
        await self._database.write(_mark_indexing, task)
        await self._add_to_index(tenant, document_id)
        outcome, replaced = await self._database.write(_publish, task)
        await self._index.remove(tenant, replaced.chunk_ids)
        await self._database.write(
            _finish, tenant, replaced.document_ids, self._now(), dirty=self._index.is_stale(tenant)
        )
        await self._folder.discard(replaced.document_ids)
        return outcome

    async def _add_to_index(self, tenant: Tenant, document_id: str) -> None:
        missing = len(await self._database.read(chunks.ids_of, tenant, [document_id]))
        after = 0
        while missing > 0:
            batch = await self._database.read(chunks.next_vectors_of, tenant, document_id, after, _INDEX_BATCH)
            ids = [int(chunk_id) for chunk_id in batch.ids]
            await self._index.add(tenant, document_id, ids, batch.matrix, missing)
            missing, after = missing - len(ids), ids[-1]

    async def _fail(self, task: "_Task", error: ServiceError) -> None:
        outcome = outcomes.refused(task.file.filename, error, task.document_id)
        await self._database.write(_fail, task, outcome)
        await self._folder.discard([task.document_id])
        self._metrics.documents.labels(outcome.status).inc()

    async def _record(self, task: "_Task", outcome: Outcome) -> Outcome:
        await self._database.write(jobs.set_outcome, task.job_id, task.file.ordinal, outcome.dump())
        return outcome


def document_title(filename: str) -> str:
    """The file's name in words: it stands before each chunk where meaning and words are indexed."""
    return " ".join(PurePath(filename).stem.replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class _Task:
    """One file of a job."""

    job_id: str
    tenant: Tenant
    file: JobFile

    @property
    def document_id(self) -> str:
        return self.file.document_id or ""


@dataclass(frozen=True, slots=True)
class _Replaced:
    document_ids: list[str]
    chunk_ids: list[int]


def _batches(all_chunks: Sequence[Chunk]) -> Iterator[list[Chunk]]:
    remaining = iter(all_chunks)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _findings(parsed: ParsedFile) -> Findings:
    return Findings(
        kind=str(parsed.kind),
        pages=parsed.page_count,
        pages_without_text=len(parsed.pages_without_text),
        characters=parsed.characters,
        verdict=dumps(judge(parsed).describe(), ensure_ascii=False),
    )


def _begin(connection: Connection, task: _Task) -> int | None:
    """What a run that broke off has left is written anew."""
    attempts = documents.begin(connection, task.tenant, task.document_id)
    if attempts is not None:
        chunks.delete_of(connection, task.tenant, task.document_id)
        pages.delete_of(connection, task.document_id)
    return attempts


def _insert_pages(connection: Connection, task: _Task, first: int, rows: Sequence[PageRow]) -> None:
    _require_wanted(connection, task)
    pages.insert_all(connection, task.document_id, first, rows)


def _insert_chunks(connection: Connection, task: _Task, new: Sequence[NewChunk]) -> None:
    _require_wanted(connection, task)
    chunks.insert_all(connection, task.tenant, task.document_id, new)


def _require_wanted(connection: Connection, task: _Task) -> None:
    """The document, or its client, may have been deleted meanwhile."""
    if not documents.is_embedding(connection, task.tenant, task.document_id):
        raise UploadCancelled


def _mark_indexing(connection: Connection, task: _Task) -> None:
    _require_wanted(connection, task)
    if documents.is_superseded(connection, task.tenant, task.document_id):
        raise Superseded
    clients.mark_index(connection, task.tenant, dirty=True)
    documents.mark_indexing(connection, task.tenant, task.document_id)


def _publish(connection: Connection, task: _Task) -> tuple[Outcome, _Replaced]:
    replaced = documents.publish(connection, task.tenant, task.document_id)
    document = documents.find(connection, task.tenant, task.document_id)
    assert document is not None
    outcome = outcomes.stored(document)
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())
    return outcome, _Replaced(replaced, chunks.ids_of(connection, task.tenant, replaced))


def _finish(connection: Connection, tenant: Tenant, replaced: list[str], now: float, *, dirty: bool) -> None:
    documents.delete_rows(connection, tenant, replaced)
    clients.touch(connection, tenant, now)
    clients.mark_index(connection, tenant, dirty=dirty)


def _keep_former(connection: Connection, task: _Task, outcome: Outcome) -> None:
    documents.delete_rows(connection, task.tenant, [task.document_id])
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())


def _fail(connection: Connection, task: _Task, outcome: Outcome) -> None:
    chunks.delete_of(connection, task.tenant, task.document_id)
    pages.delete_of(connection, task.document_id)
    documents.fail(connection, task.tenant, task.document_id, outcome.status, str(outcome.code), str(outcome.error))
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())
