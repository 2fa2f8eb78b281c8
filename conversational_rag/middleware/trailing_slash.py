"""Every address works with and without its trailing slash."""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlash:
    """Every address works with and without its trailing slash; `canonical` are those that are declared with one."""

    def __init__(self, app: ASGIApp, canonical: Collection[str]) -> None:
        self._app, self._canonical = app, frozenset(canonical)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] in ("http", "websocket"):
            bare = scope["path"].rstrip("/") or "/"
            path = f"{bare}/" if f"{bare}/" in self._canonical else bare
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)
