"""How much a request may send."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversational_rag.middleware.connection import header


class BodyLimit:
    """Refuses a body that is longer than its address allows, as soon as it is: `limits` are bytes by path prefix, the
    first that fits counts. (The framework's own limit answers in plain text.)"""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int]) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next(most for prefix, most in self._limits.items() if scope["path"].startswith(prefix))
        announced = header(scope, b"content-length") or ""
        received = int(announced) if announced.isdecimal() and int(announced) > limit else 0

        async def receive_within_limit() -> Message:
            nonlocal received
            if received <= limit:
                message = await receive()
                received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_within_limit, send)
