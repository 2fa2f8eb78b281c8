"""Open to this machine, not to the network."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from conversational_rag.addresses import literal
from conversational_rag.errors import OpenToNobody
from conversational_rag.exception_handlers import refuse


class LocalOnly:
    """Refuses what came in at, or was sent from, an address that others can reach. HOST says where the service means to
    listen; this sees where it does, whoever started it (`uvicorn … --host 0.0.0.0`)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] in ("http", "websocket") and any(map(_is_elsewhere, (scope["server"], scope["client"]))):
            await refuse(OpenToNobody(), scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_elsewhere(end: Any) -> bool:
    """Of an end of the connection, (address, port); a Unix socket has none."""
    address = literal(end[0]) if end else None
    return address is not None and not address.is_loopback
