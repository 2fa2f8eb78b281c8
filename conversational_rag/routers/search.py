"""POST /api/v1/search: the passages alone."""

from typing import Annotated

from fastapi import APIRouter, Body

from conversational_rag.dependencies import Caller, Resources, tenant_of
from conversational_rag.schemas.search import SearchAnswer, SearchRequest, SearchResult
from conversational_rag.services.search import conversation
from conversational_rag.services.sources import shown

router = APIRouter(prefix="/api/v1/search", tags=["search"])


@router.post("", operation_id="search")
async def search(body: Annotated[SearchRequest, Body()], resources: Resources, caller: Caller) -> SearchAnswer:
    """The passages of a client's documents that fit best, without an answer: no model is asked, nothing is stored."""
    tenant = tenant_of(caller, body.client_id)
    history = conversation((past.question, past.answer) for past in body.history)
    found = await resources.search.find(tenant, body.query, history, body.limit)
    results = [SearchResult(**shown(passage), chunk_id=passage.chunk_id) for passage in found]
    return SearchAnswer(query=body.query, client_id=tenant.client_id, results=results, total=len(results))
