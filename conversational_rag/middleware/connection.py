"""What a connection tells by itself: where it comes from, and when its answer begins."""

from starlette.types import Scope

from conversational_rag.addresses import literal

# The messages that begin an answer, also the one to a WebSocket that was not accepted.
STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_HERE, _UNKNOWN = "127.0.0.1", "unknown"


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this name, which is in small letters; None where there is none."""
    return next((value.decode("latin-1") for each, value in scope["headers"] if each == name), None)


def headers(scope: Scope, name: bytes) -> list[str]:
    """All headers of this name."""
    return [value.decode("latin-1") for each, value in scope["headers"] if each == name]


def address_of(scope: Scope) -> str:
    """The address that a request came from; through a Unix socket, this machine's. What a proxy says may be none."""
    client = scope.get("client")
    if not client or not client[0]:
        return _HERE
    address = literal(client[0])
    return _UNKNOWN if address is None else str(address)
