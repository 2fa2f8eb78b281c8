"""/api/v1/ingest: files in, searchable documents out; and the jobs that do it."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Response, UploadFile

from conversational_rag.dependencies import IdempotencyKey, OptionalTenant, Resources
from conversational_rag.errors import InvalidRequest
from conversational_rag.schemas.fields import ClientId
from conversational_rag.schemas.ingest import DocumentOutcome, IngestAnswer, JobView
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.intake import Accepted, Splitting
from conversational_rag.services.outcomes import SEARCHABLE, STAGES, UNCHANGED, nothing_stored
from conversational_rag.services.upload_jobs import UploadJob
from conversational_rag.services.uploads import Upload

router = APIRouter(prefix="/api/v1/ingest", tags=["documents"])


@router.post(
    "/",
    operation_id="ingest",
    response_model=IngestAnswer,
    responses={202: {"model": JobView, "description": "With `background=true`: the upload goes on by itself."}},
)
async def ingest(
    resources: Resources,
    response: Response,
    files: Annotated[list[UploadFile], File(description="One or more files.")],
    key: IdempotencyKey = None,
    client_id: Annotated[
        ClientId | None, Form(description="Whose documents these become; left out, a new client is made.")
    ] = None,
    chunk_size: Annotated[int, Form(ge=50, le=8000, description="Characters a chunk.")] = 1000,
    chunk_overlap: Annotated[int, Form(ge=0, le=4000, description="Characters that two chunks share.")] = 200,
    background: Annotated[bool, Query(description="Answer at once, and tell where to look how far it is.")] = False,
) -> IngestAnswer | Response:
    """Upload files. When this answers with 200, those that are `ready` can be asked about."""
    splitting = _splitting(chunk_size, chunk_overlap)
    _check_number(len(files), resources.settings.max_files)
    uploads = await _receive(resources, files)
    accepted = await resources.intake.accept(Tenant(client_id) if client_id else None, uploads, splitting, key)
    where = {"Location": f"/api/v1/ingest/jobs/{accepted.job_id}"}
    if background:
        resources.worker.wake()
        view = _view(await resources.upload_jobs.find(accepted.tenant, accepted.job_id))
        return Response(view.model_dump_json(), 202, where, "application/json")
    await resources.worker.finished(accepted.tenant, accepted.job_id)
    response.headers.update(where)
    return await _answer(resources, accepted)


@router.get("/jobs/{job_id}", operation_id="ingest_job")
async def job(job_id: str, resources: Resources, tenant: OptionalTenant) -> JobView:
    """How far an upload is, and what became of its files."""
    return _view(await resources.upload_jobs.find(tenant, job_id))


async def _receive(resources: Resources, files: list[UploadFile]) -> list[Upload]:
    uploads: list[Upload] = []
    try:
        for file in files:
            uploads.append(await resources.uploads.receive(file.filename or "", file.file))
    except BaseException:
        await resources.uploads.discard(upload.document_id for upload in uploads)
        raise
    return uploads


async def _answer(resources: Resources, accepted: Accepted) -> IngestAnswer:
    job = await resources.upload_jobs.find(accepted.tenant, accepted.job_id)
    if not any(outcome.status in SEARCHABLE for outcome in job.files):
        if accepted.created:
            await resources.clients.delete_if_empty(accepted.tenant)
        raise nothing_stored(job.files)
    done = [outcome for outcome in job.files if outcome.status in SEARCHABLE]
    return IngestAnswer(
        message=f"Documents ingested successfully for client {job.tenant.client_id}",
        documents_processed=len(done),
        chunks_created=sum(outcome.chunks for outcome in done if outcome.status != UNCHANGED),
        client_id=job.tenant.client_id,
        created=accepted.created,
        documents=_documents(job),
    )


def _view(job: UploadJob) -> JobView:
    return JobView(
        job_id=job.id,
        client_id=job.tenant.client_id,
        created=job.new_client,
        state=job.state,
        finished=job.finished_at is not None,
        files_done=sum(outcome.status not in STAGES for outcome in job.files),
        files=len(job.files),
        pages=job.pages,
        chunks_done=job.chunks_done,
        chunks=job.chunks,
        seconds_left=job.seconds_left,
        created_at=job.created_at,
        finished_at=job.finished_at,
        documents=_documents(job),
    )


def _documents(job: UploadJob) -> list[DocumentOutcome]:
    return [DocumentOutcome.model_validate(asdict(outcome)) for outcome in job.files]


def _splitting(chunk_size: int, chunk_overlap: int) -> Splitting:
    if chunk_overlap >= chunk_size:
        wrong = {"field": "body.chunk_overlap", "message": f"must be smaller than chunk_size ({chunk_size})"}
        raise InvalidRequest(errors=[wrong])
    return Splitting(chunk_size, chunk_overlap)


def _check_number(files: int, most: int) -> None:
    if files > most:
        wrong = {"field": "body.files", "message": f"{files} files; send at most {most} at once (MAX_FILES)"}
        raise InvalidRequest(errors=[wrong])
