"""/api/v1/audit: who did what, and what was refused to whom."""

import base64
import binascii
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from conversational_rag.db.audit import Filters, Recorded
from conversational_rag.dependencies import Limit, Resources
from conversational_rag.errors import InvalidRequest
from conversational_rag.schemas.audit import AuditAnswer, AuditEntry
from conversational_rag.schemas.fields import ClientId
from conversational_rag.services.audit import record

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

LINES_TYPE = "application/x-ndjson"
Cursor = Annotated[str | None, Query(max_length=100, description="`next_cursor` of the answer before.")]
_Word = Annotated[str | None, Query(min_length=1, max_length=100)]
_Time = Annotated[float | None, Query(ge=0, le=1e11, description="Unix seconds.")]


async def _filters(
    client_id: Annotated[ClientId | None, Query(description="Only what was about this client.")] = None,
    actor: _Word = None,
    action: _Word = None,
    since: _Time = None,
    until: _Time = None,
) -> Filters:
    return Filters(client_id, actor, action, since, until)


_Filters = Annotated[Filters, Depends(_filters)]


@router.get("", operation_id="audit")
async def list_entries(
    filters: _Filters, resources: Resources, limit: Limit = 100, cursor: Cursor = None
) -> AuditAnswer:
    """What was done and what was refused, the newest first."""
    before = None if cursor is None else _position(cursor)
    page = await resources.audit.list_page(filters, limit, before)
    return AuditAnswer(
        entries=[AuditEntry.model_validate(record(each)) for each in page.entries],
        next_cursor=_cursor(page.entries[-1]) if page.more else None,
    )


@router.get(
    "/export",
    operation_id="export_audit",
    response_class=StreamingResponse,  # for the documentation
    responses={200: {"content": {LINES_TYPE: {}}, "description": "One JSON object a line, the oldest first."}},
)
async def export(filters: _Filters, resources: Resources) -> StreamingResponse:
    """The whole audit, or what is asked for of it, one entry a line, the oldest first."""
    slices = resources.audit.export(filters)
    # A database that does not answer is told of before the answer begins.
    first: list[Recorded] = await anext(slices, [])
    return StreamingResponse(_lines(first, slices), media_type=LINES_TYPE)


async def _lines(first: Sequence[Recorded], others: AsyncGenerator[list[Recorded], None]) -> AsyncGenerator[str, None]:
    yield _text(first)
    async for entries in others:
        yield _text(entries)


def _text(entries: Sequence[Recorded]) -> str:
    return "".join(f"{json.dumps(record(entry))}\n" for entry in entries)


def _cursor(last: Recorded) -> str:
    return base64.urlsafe_b64encode(str(last.id).encode()).decode()


def _position(cursor: str) -> int:
    """The id of the last entry of the answer before."""
    try:
        position = base64.b64decode(cursor, b"-_", validate=True)
        if position.isdigit() and len(position) < 19:
            return int(position)
    except (binascii.Error, ValueError):
        pass
    wrong = {"field": "query.cursor", "message": "is not one that was given here; leave it out to begin anew"}
    raise InvalidRequest(errors=[wrong])
