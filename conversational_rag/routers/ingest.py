"""POST /api/v1/ingest/: files in, searchable documents out."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from conversational_rag.dependencies import Resources
from conversational_rag.errors import InvalidRequest
from conversational_rag.schemas.fields import ClientId
from conversational_rag.schemas.ingest import DocumentOutcome, IngestAnswer
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.documents import READY, UNCHANGED, Ingested, Splitting

router = APIRouter(prefix="/api/v1/ingest", tags=["documents"])


@router.post("/", operation_id="ingest")
async def ingest(
    resources: Resources,
    files: Annotated[list[UploadFile], File(description="One or more files: PDF, DOCX, DOC, ODT, RTF, TXT, MD, HTML, EPUB, XLSX, CSV, PPTX, JSON, EML.")],
    client_id: Annotated[
        ClientId | None, Form(description="Whose documents these become; left out, a new client is made.")
    ] = None,
    chunk_size: Annotated[int, Form(ge=50, le=8000, description="Characters a chunk.")] = 1000,
    chunk_overlap: Annotated[int, Form(ge=0, le=4000, description="Characters that two chunks share.")] = 200,
) -> IngestAnswer:
    """Upload files. When this answers, those that are `ready` can be asked about."""
    splitting = _splitting(chunk_size, chunk_overlap)
    _check_number(len(files), resources.settings.max_files)
    uploads = [await resources.uploads.receive(file.filename or "", file.file) for file in files]
    try:
        tenant = Tenant(client_id) if client_id else None
        return _answer(await resources.documents.ingest(tenant, uploads, splitting))
    finally:
        for upload in uploads:
            await resources.uploads.discard(upload)


def _answer(ingested: Ingested) -> IngestAnswer:
    done = [outcome for outcome in ingested.outcomes if outcome.status in (READY, UNCHANGED)]
    client_id = ingested.tenant.client_id
    return IngestAnswer(
        message=f"Documents ingested successfully for client {client_id}",
        documents_processed=len(done),
        chunks_created=sum(outcome.chunks for outcome in done if outcome.status == READY),
        client_id=client_id,
        created=ingested.created,
        documents=[DocumentOutcome.model_validate(outcome.describe()) for outcome in ingested.outcomes],
    )


def _splitting(chunk_size: int, chunk_overlap: int) -> Splitting:
    if chunk_overlap >= chunk_size:
        wrong = {"field": "body.chunk_overlap", "message": f"must be smaller than chunk_size ({chunk_size})"}
        raise InvalidRequest(errors=[wrong])
    return Splitting(chunk_size, chunk_overlap)


def _check_number(files: int, most: int) -> None:
    if files > most:
        wrong = {"field": "body.files", "message": f"{files} files; send at most {most} at once (MAX_FILES)"}
        raise InvalidRequest(errors=[wrong])
