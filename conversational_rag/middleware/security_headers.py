"""What browsers are told about every answer."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversational_rag.middleware.connection import STARTS

_POLICY, _FRAMES, _UNFRAMED = "Content-Security-Policy", "frame-ancestors ", "frame-ancestors 'none'"
# An answer is data: nothing in it may be run, loaded or framed. Pages say what they need themselves.
_HEADERS = {
    _POLICY: f"default-src 'none'; {_UNFRAMED}",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_STRICT_TRANSPORT = "max-age=31536000"
_AS_SENT = tuple((name.lower().encode(), value.encode()) for name, value in _HEADERS.items())
_SENT_POLICY = _POLICY.lower().encode()


class SecurityHeaders:
    """Adds them where the answer has none of its own; that only encrypted connections are to be used, on those."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in STARTS:
                _add_headers(message, is_encrypted=scope["scheme"] in ("https", "wss"))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _add_headers(message: Message, *, is_encrypted: bool) -> None:
    own = {name for name, _ in message["headers"]}
    message["headers"] = [*message["headers"], *(pair for pair in _AS_SENT if pair[0] not in own)]
    if _SENT_POLICY in own:
        _let_some_frame(MutableHeaders(scope=message))
    if is_encrypted:
        MutableHeaders(scope=message)["Strict-Transport-Security"] = _STRICT_TRANSPORT


def _let_some_frame(headers: MutableHeaders) -> None:
    """The older word for it knows no list of origins."""
    if _FRAMES in headers[_POLICY] and _UNFRAMED not in headers[_POLICY]:
        del headers["X-Frame-Options"]
