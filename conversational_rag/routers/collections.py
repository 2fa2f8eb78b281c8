"""/api/v1/chat/collections: what each client has, and its end."""

from dataclasses import asdict

from fastapi import APIRouter

from conversational_rag.dependencies import OptionalTenant, PathTenant, Resources
from conversational_rag.schemas.collections import (
    CollectionDeleted,
    CollectionList,
    CollectionStats,
    CollectionSummary,
    Deleted,
)
from conversational_rag.schemas.documents import LeftoversView

router = APIRouter(prefix="/api/v1/chat/collections", tags=["collections"])


@router.get("", operation_id="list_collections")
async def list_collections(resources: Resources, tenant: OptionalTenant) -> CollectionList:
    """Every client that has a collection; a client's key shows its own alone."""
    totals = await resources.clients.list_totals(tenant)
    summaries = [
        CollectionSummary(client_id=client_id, document_count=each.chunks, files=each.files)
        for client_id, each in totals.items()
    ]
    return CollectionList(collections=summaries, total=len(summaries))


@router.get("/{client_id}/stats", operation_id="collection_stats")
async def stats(tenant: PathTenant, resources: Resources) -> CollectionStats:
    """One client's collection."""
    found = await resources.clients.stats(tenant)
    return CollectionStats(
        client_id=tenant.client_id,
        collection_name=tenant.collection_name,
        exists=True,
        document_count=found.totals.chunks,
        files=found.totals.files,
        last_modified=found.last_modified,
    )


@router.delete("/{client_id}", operation_id="delete_collection")
async def delete(tenant: PathTenant, resources: Resources) -> CollectionDeleted:
    """Delete everything of the client: vectors, text, files, sessions, and their room on the disk."""
    gone = await resources.clients.delete(tenant)
    rows = gone.rows
    return CollectionDeleted(
        message=f"Everything of client {tenant.client_id} is deleted",
        client_id=tenant.client_id,
        deleted=Deleted(
            files=rows.documents,
            pages=rows.pages,
            chunks=rows.chunks,
            vectors=gone.vectors,
            jobs=rows.jobs,
            sessions=rows.sessions,
            messages=rows.messages,
            replies=rows.replies,
            file_bytes=gone.file_bytes,
            database_bytes=gone.database_bytes,
            words_erased=gone.words_erased,
        ),
        leftovers=LeftoversView.model_validate(asdict(gone.leftovers)),
    )
