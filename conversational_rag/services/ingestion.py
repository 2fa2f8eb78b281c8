"""Ingestion: the files of a job become searchable, one after the other; each is stored whole or says why not.

The order makes a crash harmless: rows with text and vectors first, batch by batch and seen by nobody; then the vector
index; `ready` last, in one transaction with the outcome. A job that is begun again goes on with its first open file.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from itertools import islice
from json import dumps
from pathlib import PurePath

import structlog

from conversational_rag.db import chunks, documents, jobs, pages, stages
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.documents import DocumentRow
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import Lease
from conversational_rag.db.pages import PageRow
from conversational_rag.db.stages import Findings
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import (
    BadInput,
    InternalError,
    ReadingGivenUp,
    ServiceError,
    StorageFull,
    UploadCancelled,
)
from conversational_rag.ingestion.pipeline import ParsedFile, Reader
from conversational_rag.ingestion.splitting import Chunk
from conversational_rag.ingestion.verdict import judge
from conversational_rag.observability.metrics import Metrics
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import outcomes
from conversational_rag.services.conversations import Clock
from conversational_rag.services.outcomes import Outcome
from conversational_rag.services.progress import Progress
from conversational_rag.services.publication import FileTask, Publication
from conversational_rag.services.uploads import UploadFolder

# So many chunks are embedded, and then written in one short transaction: a question never waits long for either.
_BATCH = 64
_PAGE_BATCH = 100
# A file that was begun so often without an end brings the service down.
_MOST_ATTEMPTS = 3
_log = structlog.get_logger()


class Ingestion:
    """The task `ingest`."""

    def __init__(
        self,
        database: Database,
        pool: EmbeddingPool,
        reader: Reader,
        folder: UploadFolder,
        publication: Publication,
        now: Clock,
        metrics: Metrics,
    ) -> None:
        self._database, self._pool, self._reader, self._folder = database, pool, reader, folder
        self._publication, self._now, self._metrics = publication, now, metrics
        self.progress: dict[str, Progress] = {}

    async def run(self, lease: Lease) -> None:
        """Take the files of the job in. A fault that is not a file's own is raised: the job is tried again."""
        for file in await self._database.read(jobs.files, lease.job_id):
            if file.outcome is None:
                await self._take(FileTask(lease.job_id, lease.tenant, file))

    async def give_up(self, tenant: Tenant, job_id: str, error: BadInput) -> None:
        """End the job: every file that is not finished has failed with this error."""
        for file in await self._database.read(jobs.files, job_id):
            if file.outcome is None:
                await self._fail(FileTask(job_id, tenant, file), error)
        await self._database.write(jobs.end, tenant, job_id, self._now())

    async def _take(self, task: FileTask) -> None:
        try:
            outcome = await self._store(task)
        except BadInput as error:
            _log.info("file_refused", client_id=task.tenant.client_id, code=error.code)
            await self._fail(task, error)
        except (asyncio.CancelledError, StorageFull):
            await self._uncount(task)
            raise
        else:
            self._metrics.documents.labels(outcome.status).inc()
        finally:
            self.progress.pop(task.document_id, None)

    async def _uncount(self, task: FileTask) -> None:
        """This attempt says nothing about the file."""
        with contextlib.suppress(ServiceError):
            await asyncio.shield(self._database.write(stages.uncount, task.tenant, task.document_id))

    async def _store(self, task: FileTask) -> Outcome:
        document = await self._database.read(documents.find, task.tenant, task.document_id)
        if document is None:
            raise UploadCancelled
        if document.status == documents.READY:
            return await self._record(task, outcomes.stored(document))  # shown before a crash
        if document.status == documents.INDEXING:
            return await self._publication.resume(task)
        # Not counted as an attempt: it says nothing about the file when the model cannot be loaded.
        await self._pool.start()
        attempts = await self._database.write(_begin, task)
        if attempts is None:
            raise UploadCancelled
        if attempts > _MOST_ATTEMPTS:
            raise ReadingGivenUp
        same = await self._database.read(documents.find_same, task.tenant, document)
        if same is not None:
            return await self._keep_former(task, same)
        await self._read_and_embed(task, document)
        return await self._publication.publish(task)

    async def _keep_former(self, task: FileTask, same: DocumentRow) -> Outcome:
        outcome = outcomes.unchanged(task.file.filename, same)
        await self._database.write(_keep_former, task, outcome)
        await self._folder.discard([task.document_id])
        return outcome

    async def _read_and_embed(self, task: FileTask, document: DocumentRow) -> None:
        parsed = await self._read(task.tenant, document)
        # In a thread: of a long file it takes longer than a question should wait.
        found = await asyncio.to_thread(_findings, parsed)
        if not await self._database.write(stages.set_findings, task.tenant, document.id, found):
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

    async def _read(self, tenant: Tenant, document: DocumentRow) -> ParsedFile:
        path = self._folder.path(document.id)
        try:
            return await self._reader.read(path, document.filename, document.chunk_size, document.chunk_overlap)
        except InternalError as error:
            if await asyncio.to_thread(path.exists):
                raise
            if await self._database.read(stages.find, tenant, document.id) is None:
                raise UploadCancelled from error
            raise ReadingGivenUp("The uploaded file is not on the server's disk any more; send it again.") from error

    async def _fail(self, task: FileTask, error: ServiceError) -> None:
        outcome = outcomes.refused(task.file.filename, error, task.document_id)
        await self._publication.refuse(task, outcome)
        await self._folder.discard([task.document_id])
        self._metrics.documents.labels(outcome.status).inc()

    async def _record(self, task: FileTask, outcome: Outcome) -> Outcome:
        await self._database.write(jobs.set_outcome, task.job_id, task.file.ordinal, outcome.dump())
        return outcome


def document_title(filename: str) -> str:
    """The file's name in words: it stands before each chunk where meaning and words are indexed."""
    return " ".join(PurePath(filename).stem.replace("_", " ").replace("-", " ").split())


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


def _begin(connection: Connection, task: FileTask) -> int | None:
    """What a run that broke off has left is written anew."""
    attempts = stages.begin(connection, task.tenant, task.document_id)
    if attempts is not None:
        chunks.delete_of(connection, task.tenant, task.document_id)
        pages.delete_of(connection, task.document_id)
    return attempts


def _insert_pages(connection: Connection, task: FileTask, first: int, rows: Sequence[PageRow]) -> None:
    _require_wanted(connection, task)
    pages.insert_all(connection, task.document_id, first, rows)


def _insert_chunks(connection: Connection, task: FileTask, new: Sequence[NewChunk]) -> None:
    _require_wanted(connection, task)
    chunks.insert_all(connection, task.tenant, task.document_id, new)


def _require_wanted(connection: Connection, task: FileTask) -> None:
    """The document, or its client, may have been deleted meanwhile."""
    if stages.find(connection, task.tenant, task.document_id) != documents.EMBEDDING:
        raise UploadCancelled


def _keep_former(connection: Connection, task: FileTask, outcome: Outcome) -> None:
    documents.delete_rows(connection, task.tenant, [task.document_id])
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())
