"""Ingestion: the files of a job become searchable in their order; each is stored whole or says why not.

The order makes a crash harmless: rows with text and vectors first, batch by batch and seen by nobody; then the vector
index; `ready` last, in one transaction with the outcome. A job that is begun again goes on with its first open file.
Small files wait for each other, so that they are embedded, indexed and shown together.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog

from conversational_rag.db import documents, jobs, stages
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import Lease
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import (
    BadInput,
    InternalError,
    ReadingGivenUp,
    ServiceError,
    StorageFull,
    UploadCancelled,
)
from conversational_rag.ingestion.pipeline import Reader
from conversational_rag.observability.metrics import Metrics
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import batches, outcomes, read_files
from conversational_rag.services.batches import Arrived
from conversational_rag.services.conversations import Clock
from conversational_rag.services.progress import Progress
from conversational_rag.services.publication import FileTask, Publication, Result
from conversational_rag.services.read_files import PAGES_AT_ONCE, Piece, ReadFile, document_title
from conversational_rag.services.uploads import UploadFolder

# So many chunks are embedded, and then written in one short transaction: a question never waits long for either.
_BATCH = 64
# So long small files wait for one that is still being read, to be stored together.
_PATIENCE_SECONDS = 1.0
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
        files = await self._database.read(jobs.files, lease.job_id)
        waiting = [FileTask(lease.job_id, lease.tenant, file) for file in files if file.outcome is None]
        while waiting:
            batch = await self._database.read(batches.next_of, waiting)
            waiting = waiting[len(batch) :]
            await self._take(batch)

    async def give_up(self, tenant: Tenant, job_id: str, error: BadInput) -> None:
        """End the job: every file that is not finished has failed with this error."""
        for file in await self._database.read(jobs.files, job_id):
            if file.outcome is None:
                await self._fail(FileTask(job_id, tenant, file), error)
        await self._database.write(jobs.end, tenant, job_id, self._now())

    async def _take(self, batch: Sequence[Arrived]) -> None:
        try:
            if batch[0].is_unread:
                await self._begin(batch)
            else:
                await self._settle(batch[0].task, await self._resume(batch[0]))
        except (asyncio.CancelledError, StorageFull):
            # This attempt says nothing about the files.
            with contextlib.suppress(ServiceError):
                await asyncio.shield(self._database.write(_uncount, [each.task for each in batch]))
            raise
        finally:
            for each in batch:
                self.progress.pop(each.task.document_id, None)

    async def _resume(self, arrived: Arrived) -> Result:
        """End what a crash has left when its rows were complete."""
        task, document = arrived.task, arrived.document
        if document is None:
            return UploadCancelled()
        if document.status == documents.READY:
            outcome = outcomes.stored(document)
            await self._database.write(jobs.set_outcome, task.job_id, task.file.ordinal, outcome.dump())
            return outcome
        return await self._publication.resume(task)

    async def _begin(self, batch: Sequence[Arrived]) -> None:
        # Not counted as an attempt: it says nothing about the files when the model cannot be loaded.
        await self._pool.start()
        met = await self._database.write(batches.begin, batch)
        waiting = list[ReadFile]()
        for each, result in zip(batch, met, strict=True):
            if result is not None:
                await self._settle(each.task, result)
                continue
            read = await self._read_beside(each, waiting)
            if read is None:
                continue
            if read_files.weight([*waiting, read]) > _BATCH:
                await self._store(waiting)
            waiting.append(read)
            if read_files.weight(waiting) >= _BATCH:
                await self._store(waiting)
        await self._store(waiting)

    async def _read_beside(self, arrived: Arrived, waiting: list[ReadFile]) -> ReadFile | None:
        """The file as it was read; None when it was refused. Those that wait go on without it when it takes long, or
        when its reading breaks down."""
        reading = asyncio.create_task(self._read(arrived))
        try:
            await asyncio.wait([reading], timeout=_patience_left(waiting))
            if not reading.done():
                await self._store(waiting)
                await asyncio.wait([reading])
            error = reading.exception()
            if error is None:
                return reading.result()
            if not isinstance(error, BadInput):
                await self._store(waiting)
                raise error
            await self._settle(arrived.task, error)
            return None
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _store(self, waiting: list[ReadFile]) -> None:
        """Store those that wait: several small files, or one."""
        files, waiting[:] = list(waiting), []
        if not files:
            return
        # In a thread: of a long file it takes longer than a question should wait.
        findings = await asyncio.to_thread(lambda: [read_files.findings(file) for file in files])
        gone = await self._database.write(read_files.note_findings, files, findings)
        for file in files:
            if file.id in gone:
                await self._settle(file.task, UploadCancelled())
        wanted = [file for file in files if file.id not in gone]
        if wanted:
            for file, result in zip(wanted, await self._embed_and_publish(wanted), strict=True):
                await self._settle(file.task, result)

    async def _embed_and_publish(self, files: Sequence[ReadFile]) -> Sequence[Result]:
        self.progress.update({file.id: Progress(len(file.parsed.chunks)) for file in files})
        *early, last = read_files.pieces(files, _BATCH)
        # What small files have is one batch, and their pages are stored already.
        large = files[0]
        for first in range(PAGES_AT_ONCE, len(large.parsed.pages), PAGES_AT_ONCE):
            if not await self._database.write(read_files.insert_pages, large, first):
                return [UploadCancelled()]
        for batch in early:
            new = await self._embedded(batch)
            if not await self._database.write(read_files.insert_chunks, large, new[large.id]):
                return [UploadCancelled()]
        return await self._publication.publish([file.task for file in files], await self._embedded(last))

    async def _embedded(self, batch: Sequence[Piece]) -> dict[str, list[NewChunk]]:
        """The chunks by document."""
        vectors = await self._pool.embed_passages([f"{file.title}\n{chunk.text}" for file, chunk in batch])
        new: dict[str, list[NewChunk]] = {}
        for (file, chunk), vector in zip(batch, vectors, strict=True):
            made = NewChunk(chunk.ordinal, chunk.page, chunk.start, file.title, chunk.text, vector, chunk.place)
            new.setdefault(file.id, []).append(made)
            self.progress[file.id].done += 1
        return new

    async def _read(self, arrived: Arrived) -> ReadFile:
        task, document = arrived.task, arrived.document
        assert document is not None
        path = self._folder.path(document.id)
        try:
            sizes = (document.chunk_size, document.chunk_overlap)
            parsed = await self._reader.read(path, document.filename, *sizes)
        except InternalError as error:
            if await asyncio.to_thread(path.exists):
                raise
            if await self._database.read(stages.find, task.tenant, document.id) is None:
                raise UploadCancelled from error
            raise ReadingGivenUp("The uploaded file is not on the server's disk any more; send it again.") from error
        return ReadFile(task, document_title(document.filename), parsed)

    async def _settle(self, task: FileTask, result: Result) -> None:
        """The file has ended."""
        if isinstance(result, BadInput):
            _log.info("file_refused", client_id=task.tenant.client_id, code=result.code)
            await self._fail(task, result)
        else:
            if result.status == outcomes.UNCHANGED:
                await self._folder.discard([task.document_id])
            self._metrics.documents.labels(result.status).inc()
        self.progress.pop(task.document_id, None)

    async def _fail(self, task: FileTask, error: ServiceError) -> None:
        outcome = outcomes.refused(task.file.filename, error, task.document_id)
        await self._publication.refuse(task, outcome)
        await self._folder.discard([task.document_id])
        self._metrics.documents.labels(outcome.status).inc()


def _patience_left(waiting: Sequence[ReadFile]) -> float | None:
    """Seconds; None: nobody waits."""
    return max(waiting[0].since + _PATIENCE_SECONDS - time.monotonic(), 0.0) if waiting else None


def _uncount(connection: Connection, tasks: Sequence[FileTask]) -> None:
    for task in tasks:
        stages.uncount(connection, task.tenant, task.document_id)
