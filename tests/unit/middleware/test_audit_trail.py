"""Audited operations and refusals are written down before their answer leaves."""

from typing import Any

import pytest
from asgi_exchange import Answer, exchange
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from conversational_rag.db.audit import Entry
from conversational_rag.errors import TooManyRequests, Unauthenticated
from conversational_rag.exception_handlers import refuse
from conversational_rag.middleware.audit_trail import AuditTrail
from conversational_rag.middleware.operations import Operations
from conversational_rag.routers import chat_websocket, collections, documents, keys, sessions, sign_in
from conversational_rag.security.principals import ANYBODY, Principal
from conversational_rag.security.principals import Scope as KeyScope
from conversational_rag.security.tenants import Tenant

ROUTES: list[BaseRoute] = [
    *documents.router.routes,
    *collections.router.routes,
    *sessions.router.routes,
    *keys.router.routes,
    *sign_in.router.routes,
    *chat_websocket.router.routes,
]
MANAGER = Principal(KeyScope.MANAGE, Tenant("acme"), "keyofacme")
ADMIN = Principal(KeyScope.ADMIN, None, "keyofadmin")
DOCUMENT = "/api/v1/documents/doc_1"


class Notebook:
    """Takes down what is noted, and what had been sent by then."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def note(self, entry: Entry) -> None:
        self.entries.append(entry)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


async def ask(
    notebook: Notebook,
    method: str,
    path: str,
    *,
    status: int = 200,
    principal: Principal | None = MANAGER,
    app: ASGIApp | None = None,
    **scope: Any,
) -> Answer:
    trail = AuditTrail(app or Response(status_code=status), Operations(ROUTES))
    state = {"principal": principal, **scope.pop("state", {})}
    return await exchange(trail, method, path, resources={"audit": notebook}, state=state, **scope)


async def test_a_change_is_noted_with_who_what_where_and_how(notebook: Notebook) -> None:
    await ask(notebook, "DELETE", DOCUMENT, client=("192.0.2.1", 5000))
    assert notebook.entries == [
        Entry(
            actor="keyofacme",
            action="delete_document",
            outcome="done",
            scope="manage",
            client_id="acme",
            object="doc_1",
            address="192.0.2.1",
            status=200,
            request_id="the-request",
        )
    ]


async def test_looking_is_not_noted(notebook: Notebook) -> None:
    await ask(notebook, "GET", DOCUMENT)
    await ask(notebook, "GET", DOCUMENT, status=404)
    await ask(notebook, "GET", DOCUMENT, status=422)
    assert notebook.entries == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (201, "done"),
        (303, "done"),
        (401, "refused"),
        (403, "refused"),
        (404, "refused"),
        (429, "refused"),
        (422, "failed"),
        (503, "failed"),
    ],
)
async def test_the_outcome_of_a_change_is_told_by_its_status(notebook: Notebook, status: int, outcome: str) -> None:
    await ask(notebook, "DELETE", DOCUMENT, status=status)
    assert [(entry.outcome, entry.status) for entry in notebook.entries] == [(outcome, status)]


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_refusal_is_noted_whatever_was_asked(notebook: Notebook, status: int) -> None:
    await ask(notebook, "GET", DOCUMENT, status=status)
    await ask(notebook, "GET", "/nowhere", status=status)
    assert [(entry.action, entry.outcome) for entry in notebook.entries] == [
        ("document", "refused"),
        ("unknown", "refused"),
    ]


async def test_it_is_noted_before_the_first_byte_leaves() -> None:
    order: list[str] = []

    class Slow(Notebook):
        async def note(self, entry: Entry) -> None:
            order.append("noted")

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Any) -> None:
            order.append(message["type"])
            await send(message)

        await AuditTrail(Response(), Operations(ROUTES))(scope, receive, sending)

    await exchange(watched, "DELETE", DOCUMENT, resources={"audit": Slow()})
    assert order == ["noted", "http.response.start", "http.response.body"]


async def test_one_answer_is_noted_once_however_many_pieces_it_has(notebook: Notebook) -> None:
    async def in_pieces(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    await ask(notebook, "DELETE", DOCUMENT, app=in_pieces)
    assert len(notebook.entries) == 1


@pytest.mark.parametrize(("principal", "actor"), [(None, "nobody"), (ANYBODY, "open"), (ADMIN, "keyofadmin")])
async def test_who_it_was(notebook: Notebook, principal: Principal | None, actor: str) -> None:
    await ask(notebook, "DELETE", "/api/v1/chat/collections/acme", principal=principal)
    (entry,) = notebook.entries
    assert (entry.actor, entry.client_id, entry.object) == (actor, "acme", None)


async def test_who_was_turned_away_before_he_was_known_is_nobody(notebook: Notebook) -> None:
    async def turn_away(scope: Scope, receive: Receive, send: Send) -> None:
        del scope["state"]["principal"]
        await refuse(Unauthenticated(), scope, receive, send)

    await ask(notebook, "DELETE", DOCUMENT, app=turn_away)
    assert [(entry.actor, entry.action, entry.status) for entry in notebook.entries] == [
        ("nobody", "delete_document", 401)
    ]


async def test_a_route_knows_better_what_it_was_about(notebook: Notebook) -> None:
    async def create(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] |= {"audit_client": "beta", "audit_object": "newkey"}
        await Response(status_code=201)(scope, receive, send)

    await ask(notebook, "POST", "/api/v1/keys", app=create, principal=ADMIN)
    assert [(entry.client_id, entry.object) for entry in notebook.entries] == [("beta", "newkey")]


async def test_what_can_be_no_id_is_left_out_of_the_address(notebook: Notebook) -> None:
    for written in ("please delete all of it", "x" * 129, "dé"):
        await ask(notebook, "DELETE", f"/api/v1/sessions/{written}", principal=None)
    assert [(entry.action, entry.object) for entry in notebook.entries] == [("delete_session", None)] * 3


async def test_a_key_in_the_address_is_masked(notebook: Notebook) -> None:
    await ask(notebook, "DELETE", "/api/v1/keys/crag_abcdefghijkl_" + "s" * 43)
    assert [entry.object for entry in notebook.entries] == ["crag_abcdefghijkl_***"]


async def test_a_websocket_that_is_not_accepted_is_a_refusal(notebook: Notebook) -> None:
    async def turn_away(scope: Scope, receive: Receive, send: Send) -> None:
        await refuse(TooManyRequests(), scope, receive, send)

    await ask(notebook, "", "/api/v1/chat/ws/acme", type="websocket", app=turn_away, principal=None)
    assert [(entry.action, entry.client_id, entry.status) for entry in notebook.entries] == [
        ("chat_websocket", "acme", 429)
    ]


async def test_a_websocket_that_is_closed_for_a_wrong_key_is_a_refusal_and_one_that_ends_is_none(
    notebook: Notebook,
) -> None:
    async def close(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1008})

    socket = {"path": "/api/v1/chat/ws/acme", "type": "websocket", "app": close, "principal": None}
    await ask(notebook, "", **socket)
    assert notebook.entries == []
    await ask(notebook, "", **socket, state={"turned_away": 401})
    assert [(entry.action, entry.outcome, entry.status) for entry in notebook.entries] == [
        ("chat_websocket", "refused", 401)
    ]
