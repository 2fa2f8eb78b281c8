"""Upload jobs: how far an upload is, and what became of its files."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from conversational_rag.concurrency.stop_sign import StopSign
from conversational_rag.db import documents, jobs
from conversational_rag.db.documents import DocumentRow
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import JobFile, JobRow
from conversational_rag.errors import JobNotFound, Unavailable
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import outcomes
from conversational_rag.services.conversations import Clock
from conversational_rag.services.outcomes import Outcome
from conversational_rag.services.progress import Progress

_KEPT_SECONDS = 7 * 86_400.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class UploadJob:
    """An upload as it stands. `pages` counts those of files that have been read; `seconds_left` is an estimate, None
    before there is one and after the end; times in Unix seconds."""

    id: str
    tenant: Tenant
    new_client: bool
    state: str
    pages: int
    chunks_done: int
    chunks: int
    seconds_left: float | None
    created_at: float
    finished_at: float | None
    files: tuple[Outcome, ...]


class UploadJobs:
    """Looks at jobs. `progress` is told by those who do the work, by document id."""

    def __init__(
        self,
        database: Database,
        progress: Mapping[str, Progress],
        now: Clock,
        stop_sign: StopSign,
        *,
        quiet_seconds: float = 15.0,
    ) -> None:
        """`quiet_seconds` after the last word those who watch are told that nothing has changed."""
        self._database, self._progress, self._now = database, progress, now
        self._stop_sign, self._quiet_seconds = stop_sign, quiet_seconds

    async def find(self, tenant: Tenant | None, job_id: str) -> UploadJob:
        """The job; `tenant` None: whosever it is. Raises JobNotFound."""
        found = await self._database.read(_read, tenant, job_id)
        if found is None:
            raise JobNotFound
        job, files = found
        return self._view(job, files)

    async def watch(self, tenant: Tenant | None, job_id: str) -> AsyncGenerator[UploadJob | None, None]:
        """The job whenever it has changed, until it has ended; None now and then while nothing changes.

        Raises JobNotFound, also when it is deleted meanwhile, and Unavailable when the service is about to stop.
        """
        last = await self.find(tenant, job_id)
        said_at = time.monotonic()
        yield last
        while last.finished_at is None:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._stop_sign.is_up:
                raise Unavailable("The service is stopping; the upload goes on when it is started again.")
            job = await self.find(tenant, job_id)
            if job != last or time.monotonic() - said_at >= self._quiet_seconds:
                yield job if job != last else None
                last, said_at = job, time.monotonic()

    async def cleanup(self) -> int:
        """Forget jobs that ended days ago, with their idempotency keys; how many."""
        return await self._database.write(jobs.admin_delete_finished, self._now() - _KEPT_SECONDS)

    def _view(self, job: JobRow, files: Sequence["_File"]) -> UploadJob:
        shown = [_outcome(file) for file in files]
        under_way = [self._progress[file.id] for file in files if not file.ended and file.id in self._progress]
        done = sum(progress.done for progress in under_way)
        ended = sum(outcome.chunks for file, outcome in zip(files, shown, strict=True) if file.ended)
        return UploadJob(
            id=job.id,
            tenant=job.tenant,
            new_client=job.new_client,
            state=_state(shown) if job.state == jobs.DONE else _stage(shown),
            pages=sum(outcome.pages or 0 for outcome in shown),
            chunks_done=ended + done,
            chunks=ended + sum(progress.chunks for progress in under_way),
            seconds_left=_seconds_left(files, under_way),
            created_at=job.created_at,
            finished_at=job.finished_at,
            files=tuple(shown),
        )


@dataclass(frozen=True, slots=True)
class _File:
    file: JobFile
    document: DocumentRow | None

    @property
    def id(self) -> str:
        return self.file.document_id or ""

    @property
    def ended(self) -> bool:
        return self.file.outcome is not None

    @property
    def bytes(self) -> int:
        return 0 if self.document is None else self.document.bytes


def _read(connection: Connection, tenant: Tenant | None, job_id: str) -> tuple[JobRow, list[_File]] | None:
    job = jobs.admin_find(connection, job_id) if tenant is None else jobs.find(connection, tenant, job_id)
    if job is None:
        return None
    files = jobs.files(connection, job_id)
    return job, [_File(file, _document_of(connection, job.tenant, file)) for file in files]


def _document_of(connection: Connection, tenant: Tenant, file: JobFile) -> DocumentRow | None:
    return None if file.document_id is None else documents.find(connection, tenant, file.document_id)


def _outcome(file: _File) -> Outcome:
    if file.file.outcome is not None:
        return outcomes.load(file.file.outcome)
    document = file.document
    if document is None:
        return Outcome(file.file.filename, outcomes.QUEUED, file.id)
    return outcomes.of(document)


def _stage(shown: Sequence[Outcome]) -> str:
    """Of a job that goes on: what happens to the file it is at."""
    stages = {outcome.status for outcome in shown}
    return next((stage for stage in (outcomes.EMBEDDING, outcomes.PARSING) if stage in stages), outcomes.QUEUED)


def _state(shown: Sequence[Outcome]) -> str:
    """Of a job that has ended: one word for all files."""
    found = {outcome.status for outcome in shown}
    if found <= {outcomes.READY, outcomes.UNCHANGED}:
        return outcomes.READY
    if found & outcomes.SEARCHABLE:
        return outcomes.PARTIAL
    return outcomes.EMPTY if found == {outcomes.EMPTY} else outcomes.FAILED


def _seconds_left(files: Sequence[_File], under_way: Sequence[Progress]) -> float | None:
    """What the file at hand still takes, and the files behind it at its pace a byte."""
    at_hand = next((file for file in files if not file.ended and file.document and file.document.chunks), None)
    if not under_way or under_way[0].seconds_left is None or at_hand is None:
        return None
    left, share = under_way[0].seconds_left, under_way[0].done / under_way[0].chunks
    whole = left / (1 - share) if share < 1 else 0.0
    behind = sum(file.bytes for file in files if not file.ended and file is not at_hand)
    return round(left + behind * whole / max(at_hand.bytes, 1), 1)
