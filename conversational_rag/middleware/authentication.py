"""Who is calling: whoever sends a key, or whose browser has signed in. Strangers get no further than this."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie

from starlette.types import ASGIApp, Receive, Scope, Send

from conversational_rag.errors import TooManyRequests, Unauthenticated
from conversational_rag.exception_handlers import refuse
from conversational_rag.middleware.connection import address_of, header
from conversational_rag.middleware.pages import is_page
from conversational_rag.resources import Resources
from conversational_rag.security.principals import ANYBODY, Principal

SIGN_IN_COOKIE = "crag_session"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller shows: a key, or the token of a sign-in."""

    text: str
    is_key: bool

    @classmethod
    def of(cls, scope: Scope) -> "Credential | None":
        """A key goes before a cookie; None for a stranger."""
        if key := header(scope, b"x-api-key"):
            return cls(key, is_key=True)
        kind, _, key = (header(scope, b"authorization") or "").partition(" ")
        if kind.lower() == "bearer" and key.strip():
            return cls(key.strip(), is_key=True)
        token = _cookie(header(scope, b"cookie") or "")
        return cls(token, is_key=False) if token else None

    async def verify(self, resources: Resources) -> Principal:
        """Whose it is, asked anew: it may have been revoked. Raises Unauthenticated."""
        if self.is_key:
            return await resources.keys.authenticate(self.text)
        return await resources.sign_ins.authenticate(self.text)

    def __repr__(self) -> str:
        return f"Credential(is_key={self.is_key})"


class Authentication:
    """Puts `principal` into the state of each request, None for a stranger where strangers are let in: on `free_paths`,
    on a WebSocket, which may show its key in its first frame, and with `signup` at the upload. `verify` asks again.
    Who asks for a page is not looked at: everybody is given the same one."""

    def __init__(self, app: ASGIApp, *, is_open: bool, signup: bool, free_paths: Collection[str]) -> None:
        self._app, self._is_open, self._signup, self._free_paths = app, is_open, signup, frozenset(free_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] in ("http", "websocket"):
            try:
                scope["state"]["principal"] = await self._identify(scope)
            except (Unauthenticated, TooManyRequests) as error:
                await refuse(error, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _identify(self, scope: Scope) -> Principal | None:
        if self._is_open:
            return ANYBODY
        if is_page(scope):
            return None
        credential = Credential.of(scope)
        if credential is None:
            if self._lets_strangers_in(scope):
                return None
            raise Unauthenticated
        resources: Resources = scope["app"].state.resources
        scope["state"]["verify"] = partial(credential.verify, resources)
        check = credential.verify(resources)
        try:
            return await (resources.wrong_keys.watch(address_of(scope), check) if credential.is_key else check)
        except (Unauthenticated, TooManyRequests):
            # With a sign-in that has ended one can sign in again.
            if scope["path"] in self._free_paths:
                return None
            raise

    def _lets_strangers_in(self, scope: Scope) -> bool:
        if scope["type"] == "websocket" or scope["path"] in self._free_paths:
            return True
        return self._signup and scope["method"] == "POST" and scope["path"] == "/api/v1/ingest/"


def _cookie(header: str) -> str | None:
    try:
        found = SimpleCookie(header).get(SIGN_IN_COOKIE)
    except CookieError:
        return None
    return found.value if found else None
