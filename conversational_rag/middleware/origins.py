"""Which pages may make a browser change something here."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from conversational_rag.errors import OriginRefused
from conversational_rag.exception_handlers import refuse
from conversational_rag.middleware.authentication import Credential
from conversational_rag.middleware.connection import header
from conversational_rag.security.principals import Principal

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}


class Origins:
    """Refuses changes and WebSockets that a page of another site asks a browser for: it would send the cookie along, or
    needs none. A key in a header is no browser's doing, so whoever sends one may come from anywhere; not so with a key
    that stands in web pages, which is for theirs alone."""

    def __init__(self, app: ASGIApp, allowed: Collection[str], *, is_open: bool) -> None:
        self._app, self._allowed, self._is_open = app, frozenset(allowed), is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        refusal = None if scope["type"] == "lifespan" else self._refusal(scope)
        if refusal is not None:
            await refuse(refusal, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> OriginRefused | None:
        if self._matters(scope) and self._is_foreign(scope):
            return OriginRefused()
        return refusal_of_key(scope["state"]["principal"], scope)

    def _matters(self, scope: Scope) -> bool:
        if scope.get("method") in _SAFE:
            return False
        credential = None if self._is_open else Credential.of(scope)
        return credential is None or not credential.is_key

    def _is_foreign(self, scope: Scope) -> bool:
        origin = header(scope, b"origin")
        if origin is None:
            # Some requests come without one; browsers say at least whether another site made them.
            return header(scope, b"sec-fetch-site") == "cross-site"
        return origin not in self._allowed and not _is_own(origin, header(scope, b"host") or "")


def refusal_of_key(principal: Principal | None, scope: Scope) -> OriginRefused | None:
    """Why a key that stands in web pages is of no use to the page that sends it; None when it is, or no page does.

    Programs send no `Origin`, or whichever they like: this keeps a key from other sites, not from other people.
    """
    if principal is None or not principal.is_public:
        return None
    origin = header(scope, b"origin")
    if origin is None or origin in principal.origins or _is_own(origin, header(scope, b"host") or ""):
        return None
    return OriginRefused("This key is for pages of other origins; make one with this page's among its `origins`.")


def _is_own(origin: str, host: str) -> bool:
    """Whether a page of this host and port sent it; the scheme may differ behind a proxy that encrypts."""
    try:
        page, own = urlsplit(origin), urlsplit(f"//{host}")
        return (
            page.hostname is not None and page.hostname == own.hostname and _is_port(page.port, own.port, page.scheme)
        )
    except ValueError:
        return False


def _is_port(page: int | None, own: int | None, scheme: str) -> bool:
    usual = _PORTS.get(scheme)
    return (page or usual) == (own or usual)
