"""By which names the service may be called."""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from conversational_rag.addresses import is_local
from conversational_rag.errors import HostRefused
from conversational_rag.exception_handlers import refuse
from conversational_rag.middleware.connection import headers


class Hosts:
    """Refuses a request for a name that is not the service's: a page of another site can make its own name lead to this
    machine (DNS rebinding), but not call itself `localhost`. `names` are allowed beside those of this machine,
    `*.example.org` stands for all below it."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._endings = tuple(name.removeprefix("*") for name in self._names if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] in ("http", "websocket") and not self._is_known(headers(scope, b"host")):
            await refuse(HostRefused(), scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_known(self, hosts: list[str]) -> bool:
        if len(hosts) != 1:
            return False
        name = host_name(hosts[0])
        return is_local(name) or name in self._names or name.endswith(self._endings)


def host_name(host: str) -> str:
    """A `Host` header without its port, in small letters."""
    name, colon, port = host.lower().rpartition(":")
    return (name if colon and port.isdecimal() else host.lower()).removesuffix(".")
