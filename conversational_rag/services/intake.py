"""The intake: files that have arrived become documents and a job, in one transaction, before anybody is told so."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from conversational_rag.db import clients, documents, jobs
from conversational_rag.db.documents import NewDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import IdempotencyKey, JobFile
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import BadInput, KeyReused, Unavailable
from conversational_rag.security.tenants import Tenant, new_client_id
from conversational_rag.services import outcomes
from conversational_rag.services.conversations import Clock
from conversational_rag.services.uploads import Upload, UploadFolder

INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class Splitting:
    """How text is cut: characters a chunk, and how many of them the next one repeats."""

    chunk_size: int
    chunk_overlap: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """An upload that will be stored, whatever happens now; `created`: the client is new; `repeated`: it came before."""

    job_id: str
    tenant: Tenant
    created: bool
    repeated: bool = False


class Intake:
    """Takes uploads in. The files lie in the folder already."""

    def __init__(self, database: Database, pool: EmbeddingPool, folder: UploadFolder, now: Clock) -> None:
        self._database, self._pool, self._folder, self._now = database, pool, folder, now

    async def accept(
        self, tenant: Tenant | None, uploads: Sequence[Upload], splitting: Splitting, key: str | None = None
    ) -> Accepted:
        """Make documents of the files and a job of the upload, for the client (None: a new one).

        The same `key` sent again gives the same job. Raises KeyReused when it came with something else, and the one
        error of the files (or NothingStored) when all of them were refused.
        """
        try:
            await self._pool.start()
            named = _without_namesakes(uploads)
            if all(upload.refused for upload in named):
                raise outcomes.nothing_stored([_refusal(upload) for upload in named])
        except BaseException:
            await self._folder.discard(upload.document_id for upload in uploads)
            raise
        asked = None if key is None else _idempotency(tenant, uploads, splitting, key)
        work = _Work(tenant or Tenant(new_client_id()), f"job_{uuid.uuid4().hex}", named, splitting, asked)
        # To its end, also when the caller goes: the files of an upload that has been stored must not be discarded.
        return await asyncio.shield(self._settle(work))

    async def _settle(self, work: "_Work") -> Accepted:
        taken: Sequence[str] = ()
        try:
            accepted, taken = await self._database.write(_store, work, self._pool.fingerprint, self._now())
            return accepted
        finally:
            await self._folder.discard({upload.document_id for upload in work.uploads} - set(taken))


@dataclass(frozen=True, slots=True)
class _Work:
    tenant: Tenant
    job_id: str
    uploads: Sequence[Upload]
    splitting: Splitting
    key: IdempotencyKey | None


def _store(connection: Connection, work: _Work, fingerprint: str, now: float) -> tuple[Accepted, Sequence[str]]:
    """The job, and the documents whose files are kept for it."""
    before = jobs.find_by_key(connection, work.key) if work.key else None
    if before is not None:
        if before.request_hash != (work.key and work.key.request_hash):
            raise KeyReused
        return Accepted(before.id, before.tenant, before.new_client, repeated=True), ()
    if clients.is_deleting(connection, work.tenant):
        raise Unavailable("The client is being deleted just now; try again in a moment.", retry_after=5)
    created = clients.find(connection, work.tenant) is None
    clients.create(connection, work.tenant, fingerprint, now)
    good = [upload for upload in work.uploads if upload.refused is None]
    for upload in good:
        documents.insert_new(connection, work.tenant, _document(upload, work.splitting, now))
    files = [_job_file(ordinal, upload) for ordinal, upload in enumerate(work.uploads)]
    jobs.insert_queued(connection, work.tenant, work.job_id, INGEST, files, now, new_client=created, key=work.key)
    return Accepted(work.job_id, work.tenant, created), [upload.document_id for upload in good]


def _document(upload: Upload, splitting: Splitting, now: float) -> NewDocument:
    return NewDocument(
        id=upload.document_id,
        filename=upload.filename,
        sha256=upload.sha256,
        kind="",
        bytes=upload.bytes,
        pages=None,
        characters=0,
        chunk_size=splitting.chunk_size,
        chunk_overlap=splitting.chunk_overlap,
        created_at=now,
    )


def _job_file(ordinal: int, upload: Upload) -> JobFile:
    if upload.refused is not None:
        return JobFile(ordinal, upload.filename, None, _refusal(upload).dump())
    return JobFile(ordinal, upload.filename, upload.document_id)


def _refusal(upload: Upload) -> outcomes.Outcome:
    return outcomes.refused(upload.filename, upload.refused or BadInput())


def _idempotency(tenant: Tenant | None, uploads: Sequence[Upload], splitting: Splitting, key: str) -> IdempotencyKey:
    sent = [splitting.chunk_size, splitting.chunk_overlap, [(upload.filename, upload.sha256) for upload in uploads]]
    digest = hashlib.sha256(json.dumps(sent).encode()).hexdigest()
    return IdempotencyKey(tenant.client_id if tenant else "", key, digest)


def _without_namesakes(uploads: Sequence[Upload]) -> list[Upload]:
    """Two different files of one name in one upload: the second would silently replace the first."""
    first: dict[str, str] = {}
    return [
        upload if first.setdefault(upload.filename, upload.sha256) == upload.sha256 else _namesake(upload)
        for upload in uploads
    ]


def _namesake(upload: Upload) -> Upload:
    error = BadInput("Another file of this name came before it in the same upload; rename one of the two.")
    return replace(upload, refused=upload.refused or error)
