"""/api/v1/ingest: files in, searchable documents out; and the jobs that do it."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Form, Query, Request, Response, UploadFile
from starlette.responses import StreamingResponse

from conversational_rag import streaming
from conversational_rag.dependencies import Caller, IdempotencyKey, OptionalCaller, OptionalTenant, Resources
from conversational_rag.errors import InvalidRequest, Unauthenticated
from conversational_rag.exception_handlers import job_address
from conversational_rag.schemas.fields import ClientId
from conversational_rag.schemas.ingest import DocumentOutcome, IngestAnswer, JobView, UrlIngest
from conversational_rag.security.principals import Principal, Scope
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.intake import Accepted, Splitting
from conversational_rag.services.outcomes import SEARCHABLE, STAGES, UNCHANGED, nothing_stored
from conversational_rag.services.upload_jobs import UploadJob
from conversational_rag.services.uploads import Upload
from conversational_rag.streaming import EventStream

router = APIRouter(prefix="/api/v1/ingest", tags=["documents"])

Background = Annotated[bool, Query(description="Answer at once, and tell where to look how far it is.")]
_GOES_ON: dict[int | str, dict[str, Any]] = {
    202: {"model": JobView, "description": "With `background=true`: the upload goes on by itself."}
}


@router.post("/", operation_id="ingest", response_model=IngestAnswer, responses=_GOES_ON)
async def ingest(
    request: Request,
    resources: Resources,
    caller: OptionalCaller,
    response: Response,
    files: Annotated[list[UploadFile], File(description="One or more files.")],
    key: IdempotencyKey,
    client_id: Annotated[
        ClientId | None, Form(description="Whose documents these become; left out, a new client is made.")
    ] = None,
    chunk_size: Annotated[int, Form(ge=50, le=8000, description="Characters a chunk.")] = 1000,
    chunk_overlap: Annotated[int, Form(ge=0, le=4000, description="Characters that two chunks share.")] = 200,
    background: Background = False,
) -> IngestAnswer | Response:
    """Upload files. When this answers with 200, those that are `ready` can be asked about."""
    tenant = _tenant(caller, client_id)
    splitting = _splitting(chunk_size, chunk_overlap)
    _check_number(len(files), resources.settings.max_files)
    uploads = await _receive(resources, files)
    accepted = await resources.intake.accept(tenant, uploads, splitting, key)
    return await _answer(request, resources, accepted, response, background)


@router.post("/url", operation_id="ingest_url", response_model=IngestAnswer, responses=_GOES_ON)
async def ingest_url(
    body: Annotated[UrlIngest, Body()],
    request: Request,
    resources: Resources,
    caller: Caller,
    response: Response,
    background: Background = False,
) -> IngestAnswer | Response:
    """Fetch a public web page, or a file on the web, and take it in as an upload. Off unless URL_INGESTION is true."""
    tenant = caller.acting_for(body.client_id)
    splitting = _splitting(body.chunk_size, body.chunk_overlap)
    upload = await resources.web_uploads.receive(body.url)
    accepted = await resources.intake.accept(tenant, [upload], splitting)
    return await _answer(request, resources, accepted, response, background)


@router.get("/jobs/{job_id}", operation_id="ingest_job")
async def job(job_id: str, resources: Resources, tenant: OptionalTenant) -> JobView:
    """How far an upload is, and what became of its files."""
    return _view(await resources.upload_jobs.find(tenant, job_id))


@router.get(
    "/jobs/{job_id}/events",
    operation_id="ingest_job_events",
    response_class=StreamingResponse,  # for the documentation
    responses={200: {"content": {streaming.SSE_TYPE: {}}, "description": "progress …, then end or error"}},
)
async def job_events(job_id: str, request: Request, resources: Resources, tenant: OptionalTenant) -> EventStream:
    """The job as it changes, at most twice a second; each event holds all of it, `end` the last of it."""
    watched = resources.upload_jobs.watch(tenant, job_id)
    return EventStream(watched, request.state.request_id, encode=_encode)


@router.delete("/jobs/{job_id}", operation_id="cancel_ingest_job")
async def cancel(job_id: str, resources: Resources, tenant: OptionalTenant) -> JobView:
    """Cancel an upload. Files that can be searched already stay; a job that has ended stays as it is."""
    owner = (await resources.upload_jobs.find(tenant, job_id)).tenant
    await resources.worker.cancel(owner, job_id)
    return _view(await resources.upload_jobs.find(owner, job_id))


async def _receive(resources: Resources, files: list[UploadFile]) -> list[Upload]:
    uploads: list[Upload] = []
    try:
        for file in files:
            uploads.append(await resources.uploads.receive(file.filename or "", file.file))
    except BaseException:
        await resources.uploads.discard(upload.document_id for upload in uploads)
        raise
    return uploads


async def _answer(
    request: Request, resources: Resources, accepted: Accepted, response: Response, background: bool
) -> IngestAnswer | Response:
    """Where to look, at once; or what became of the upload, at its end."""
    where = {"Location": job_address(accepted.job_id)}
    request.state.audit_client, request.state.audit_object = accepted.tenant.client_id, accepted.job_id
    if background:
        resources.worker.wake()
        view = _view(await resources.upload_jobs.find(accepted.tenant, accepted.job_id))
        view.api_key = await _first_key(resources, accepted)
        return Response(view.model_dump_json(), 202, where, "application/json")
    await resources.worker.finished(accepted.tenant, accepted.job_id)
    response.headers.update(where)
    answer = await _outcome(resources, accepted)
    answer.api_key = await _first_key(resources, accepted)
    return answer


async def _first_key(resources: Resources, accepted: Accepted) -> str | None:
    """The key of a client that this upload has made; shown here and nowhere else."""
    if resources.settings.auth_mode == "open" or not accepted.created or accepted.repeated:
        return None
    made = await resources.keys.create(Scope.MANAGE, accepted.tenant, name="made with the client")
    return made.text


async def _outcome(resources: Resources, accepted: Accepted) -> IngestAnswer:
    job = await resources.upload_jobs.find(accepted.tenant, accepted.job_id)
    done = [outcome for outcome in job.files if outcome.status in SEARCHABLE]
    if not done:
        if accepted.created:
            await resources.clients.delete_if_empty(accepted.tenant)
        raise nothing_stored(job.files)
    return IngestAnswer(
        message=f"Documents ingested successfully for client {job.tenant.client_id}",
        documents_processed=len(done),
        chunks_created=sum(outcome.chunks for outcome in done if outcome.status != UNCHANGED),
        client_id=job.tenant.client_id,
        created=accepted.created,
        documents=_documents(job),
    )


def _encode(job: UploadJob | None) -> bytes:
    if job is None:
        return streaming.KEEP_ALIVE
    return streaming.sse("progress" if job.finished_at is None else "end", _view(job).model_dump())


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


def _tenant(caller: Principal | None, client_id: str | None) -> Tenant | None:
    """Whose documents these become; None for a new client. Who signs up can name none. Raises Unauthenticated."""
    if caller is not None:
        return caller.acting_for(client_id)
    if client_id is not None:
        raise Unauthenticated("Without a key a client_id cannot be named; leave it out to sign up, or send a key.")
    return None


def _splitting(chunk_size: int, chunk_overlap: int) -> Splitting:
    if chunk_overlap >= chunk_size:
        wrong = {"field": "body.chunk_overlap", "message": f"must be smaller than chunk_size ({chunk_size})"}
        raise InvalidRequest(errors=[wrong])
    return Splitting(chunk_size, chunk_overlap)


def _check_number(files: int, most: int) -> None:
    if files > most:
        wrong = {"field": "body.files", "message": f"{files} files; send at most {most} at once (MAX_FILES)"}
        raise InvalidRequest(errors=[wrong])
