"""/api/v1/auth: a browser exchanges a key for a cookie, and everybody learns who he is here."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

from conversational_rag.config import Settings
from conversational_rag.dependencies import Caller, Resources
from conversational_rag.errors import BadInput
from conversational_rag.middleware.authentication import SIGN_IN_COOKIE
from conversational_rag.middleware.connection import address_of
from conversational_rag.schemas.sign_in import SignedIn, SignedOut, SignInRequest, UploadLimits, WhoAmI
from conversational_rag.security.principals import Principal

router = APIRouter(prefix="/api/v1/auth", tags=["keys"])
_Token = Annotated[str | None, Cookie(alias=SIGN_IN_COOKIE, include_in_schema=False)]


@router.post("/sign-in", operation_id="sign_in")
async def sign_in(
    wanted: SignInRequest, request: Request, response: Response, resources: Resources, former: _Token = None
) -> SignedIn:
    """Exchange a key for a cookie that scripts of the page cannot read; a sign-in of the same browser ends."""
    if resources.settings.auth_mode == "open":
        raise BadInput("The service is open to everybody who reaches it (AUTH_MODE=open): go on without a key.")
    check = resources.sign_ins.begin(wanted.key.get_secret_value().strip())
    begun = await resources.wrong_keys.watch(address_of(request.scope), check)
    request.state.principal = begun.principal
    if former is not None:
        await resources.sign_ins.end(former)
    seconds = int(begun.expires_at - resources.keys.now())
    _set_cookie(request, response, begun.token, seconds)
    return SignedIn(scope=begun.principal.scope, client_id=_client_id(begun.principal), expires_at=begun.expires_at)


@router.post("/sign-out", operation_id="sign_out")
async def sign_out(request: Request, response: Response, resources: Resources, token: _Token = None) -> SignedOut:
    """End this browser's sign-in; the cookie goes."""
    if token is not None:
        await resources.sign_ins.end(token)
    _set_cookie(request, response, "", 0)
    return SignedOut(message="Signed out")


@router.get("/me", operation_id="who_am_i")
async def who_am_i(caller: Caller, resources: Resources) -> WhoAmI:
    """What the caller's key is for; without keys, that there are none. And what one upload may hold."""
    mode, uploads = resources.settings.auth_mode, _upload_limits(resources.settings)
    if caller.key_id is None:
        return WhoAmI(auth_mode=mode, scope=caller.scope, client_id=_client_id(caller), uploads=uploads)
    key = await resources.keys.find(caller.tenant, caller.key_id)
    return WhoAmI(
        auth_mode=mode,
        scope=key.scope,
        client_id=_client_id(caller),
        key_id=key.id,
        name=key.name,
        expires_at=key.expires_at,
        uploads=uploads,
    )


def _set_cookie(request: Request, response: Response, token: str, seconds: int) -> None:
    """With no seconds left the browser forgets it."""
    is_encrypted = request.url.scheme == "https"
    response.set_cookie(
        SIGN_IN_COOKIE, token, max_age=seconds, path="/", httponly=True, secure=is_encrypted, samesite="lax"
    )


def _client_id(caller: Principal) -> str | None:
    return None if caller.tenant is None else caller.tenant.client_id


def _upload_limits(settings: Settings) -> UploadLimits:
    return UploadLimits(
        max_files=settings.max_files,
        max_file_bytes=settings.max_file_bytes,
        max_request_bytes=settings.max_request_bytes,
        from_web=settings.url_ingestion,
    )
