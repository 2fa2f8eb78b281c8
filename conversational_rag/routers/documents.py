"""/api/v1/documents: what a client has sent, what was read from it, and its end."""

import base64
import binascii
import json
import math
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from conversational_rag.db.documents import DocumentRow
from conversational_rag.dependencies import Limit, Offset, OptionalTenant, QueryTenant, Resources
from conversational_rag.errors import InvalidRequest
from conversational_rag.schemas.documents import (
    DocumentContent,
    DocumentDeleted,
    DocumentList,
    DocumentRemoved,
    DocumentView,
    LeftoversView,
    PageView,
)
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import outcomes

router = APIRouter(prefix="/api/v1/documents", tags=["documents"])

Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the answer before.")]


@router.get("", operation_id="list_documents")
async def list_documents(
    tenant: QueryTenant, resources: Resources, limit: Limit = 100, cursor: Cursor = None
) -> DocumentList:
    """A client's documents in whatever state, the last that came first."""
    before = None if cursor is None else _position(cursor)
    found = await resources.documents.list_page(tenant, limit, before)
    return DocumentList(
        documents=[_view(tenant, document) for document in found.documents],
        total=found.total,
        next_cursor=_cursor(found.documents[-1]) if found.more else None,
    )


@router.get("/{document_id}", operation_id="document")
async def find(document_id: str, tenant: OptionalTenant, resources: Resources) -> DocumentView:
    """One document."""
    owner = await resources.documents.owner(tenant, document_id)
    return _view(owner, await resources.documents.find(owner, document_id))


@router.get("/{document_id}/content", operation_id="document_content")
async def content(
    document_id: str, tenant: OptionalTenant, resources: Resources, limit: Limit = 100, offset: Offset = 0
) -> DocumentContent:
    """The text that was read from it, page by page: what questions are answered from."""
    owner = await resources.documents.owner(tenant, document_id)
    found = await resources.documents.content(owner, document_id, limit, offset)
    return DocumentContent(
        id=document_id,
        client_id=owner.client_id,
        filename=found.document.filename,
        status=_view(owner, found.document).status,
        pages=[PageView.model_validate(asdict(page)) for page in found.pages],
        total=found.total,
    )


@router.delete("/{document_id}", operation_id="delete_document")
async def delete(document_id: str, tenant: OptionalTenant, resources: Resources) -> DocumentDeleted:
    """Delete it with everything of it, also while it is being taken in; what went, after a second look."""
    owner = await resources.documents.owner(tenant, document_id)
    gone = await resources.documents.delete(owner, document_id)
    return DocumentDeleted(
        message=f"Document {gone.document.filename} deleted",
        id=document_id,
        client_id=owner.client_id,
        filename=gone.document.filename,
        deleted=DocumentRemoved(
            pages=gone.pages,
            chunks=gone.chunks,
            vectors=gone.vectors,
            file_bytes=gone.file_bytes,
            database_bytes=gone.database_bytes,
            words_erased=gone.words_erased,
        ),
        leftovers=LeftoversView.model_validate(asdict(gone.leftovers)),
    )


def _view(owner: Tenant, document: DocumentRow) -> DocumentView:
    outcome = outcomes.of(document)
    own = {"status": outcome.status, "error": outcome.error, "code": outcome.code, "client_id": owner.client_id}
    verdict = json.loads(document.verdict) if document.verdict else None
    return DocumentView.model_validate(asdict(document) | own | {"verdict": verdict})


def _cursor(last: DocumentRow) -> str:
    return base64.urlsafe_b64encode(json.dumps([last.created_at, last.id]).encode()).decode()


def _position(cursor: str) -> tuple[float, str]:
    """Where the answer before ended: `created_at` and the id of its last document."""
    try:
        created_at, document_id = json.loads(base64.b64decode(cursor, b"-_", validate=True))
        if isinstance(created_at, float) and math.isfinite(created_at) and isinstance(document_id, str):
            return created_at, document_id
    except (binascii.Error, ValueError, TypeError):
        pass
    wrong = {"field": "query.cursor", "message": "is not one that was given here; leave it out to begin anew"}
    raise InvalidRequest(errors=[wrong])
