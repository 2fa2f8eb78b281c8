"""/api/v1/keys: make keys, look at them, replace them, revoke them."""

from typing import Any

from fastapi import APIRouter, Request

from conversational_rag.db.keys import KeyRow
from conversational_rag.dependencies import Caller, OptionalTenant, Resources
from conversational_rag.schemas.keys import KeyList, KeyRequest, KeyView, NewKeyView, RotateRequest
from conversational_rag.services.keys import NewKey

router = APIRouter(prefix="/api/v1/keys", tags=["keys"])
_DAY_SECONDS = 24 * 3600.0


@router.post("", operation_id="create_key", status_code=201)
async def create(wanted: KeyRequest, request: Request, caller: Caller, resources: Resources) -> NewKeyView:
    """Make a key, no wider than the caller's own. This answer is the only place that ever shows it."""
    caller.require(wanted.scope)
    days, now = wanted.expires_in_days, resources.keys.now()
    expires_at = None if days is None else now + days * _DAY_SECONDS
    tenant = caller.acting_for(wanted.client_id)
    made = await resources.keys.create(wanted.scope, tenant, wanted.name.strip(), expires_at, wanted.origins)
    request.state.audit_client, request.state.audit_object = wanted.client_id, made.row.id
    return _new(made, now)


@router.get("", operation_id="list_keys")
async def list_keys(tenant: OptionalTenant, resources: Resources) -> KeyList:
    """The keys of one client, or for the admin everybody's; those that are revoked or expired too."""
    rows, now = await resources.keys.list_keys(tenant), resources.keys.now()
    return KeyList(keys=[KeyView(**_shown(row, now)) for row in rows], total=len(rows))


@router.post("/{key_id}/rotate", operation_id="rotate_key", status_code=201)
async def rotate(key_id: str, caller: Caller, resources: Resources, request: RotateRequest | None = None) -> NewKeyView:
    """Make a key that takes the place of this one, which lives on for a day unless told otherwise."""
    grace_seconds = (request or RotateRequest()).grace_seconds
    made = await resources.keys.rotate(caller.acting_for(None), key_id, grace_seconds)
    return _new(made, resources.keys.now())


@router.delete("/{key_id}", operation_id="revoke_key")
async def revoke(key_id: str, caller: Caller, resources: Resources) -> KeyView:
    """From the next request on the key is refused, and whoever signed in with it. The last admin key stays."""
    row = await resources.keys.revoke(caller.acting_for(None), key_id, keep_an_admin=True)
    return KeyView(**_shown(row, resources.keys.now()))


def _new(made: NewKey, now: float) -> NewKeyView:
    former = None if made.former is None else KeyView(**_shown(made.former, now))
    return NewKeyView(**_shown(made.row, now), key=made.text, former=former)


def _shown(row: KeyRow, now: float) -> dict[str, Any]:
    return {
        "id": row.id,
        "scope": row.scope,
        "client_id": None if row.tenant is None else row.tenant.client_id,
        "name": row.name,
        "line": row.line,
        "status": row.status(now),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
        "origins": row.origins,
    }
