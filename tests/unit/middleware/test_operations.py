"""A request's operation is known before it reaches its route."""

from asgi_exchange import exchange
from fastapi import APIRouter, WebSocket
from starlette.types import Receive, Scope, Send

from conversational_rag.middleware.operations import Operation, Operations

router = APIRouter(prefix="/api")


@router.get("/things", operation_id="list_things")
async def list_things() -> None: ...


@router.get("/things/{thing_id}", operation_id="thing")
@router.delete("/things/{thing_id}", operation_id="delete_thing")
async def thing(thing_id: str) -> None: ...


@router.websocket("/ws/{client_id}", name="talk")
async def talk(socket: WebSocket, client_id: str) -> None: ...


async def found(method: str, path: str, kind: str = "http") -> Operation:
    operations, seen = Operations(router.routes), list[Operation]()

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(operations.find(scope))

    await exchange(look, method, path, type=kind)
    return seen[0]


async def test_method_and_address_tell_the_operation_and_what_it_is_about() -> None:
    assert await found("GET", "/api/things") == Operation("list_things", {})
    assert await found("GET", "/api/things/7") == Operation("thing", {"thing_id": "7"})
    assert await found("DELETE", "/api/things/7") == Operation("delete_thing", {"thing_id": "7"})
    assert await found("", "/api/ws/acme", "websocket") == Operation("talk", {"client_id": "acme"})


async def test_what_is_no_operation_is_unknown() -> None:
    for method, path in (("POST", "/api/things"), ("GET", "/api/things/7/8"), ("GET", "/"), ("GET", "/api/ws/acme")):
        assert (await found(method, path)).id == "unknown"
