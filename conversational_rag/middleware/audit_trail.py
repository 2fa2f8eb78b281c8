"""Who did what: audited operations and refusals are written down before their answer leaves."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversational_rag.db.audit import DONE, FAILED, REFUSED, Entry
from conversational_rag.middleware.connection import STARTS, address_of
from conversational_rag.middleware.operations import Operation, Operations
from conversational_rag.observability.secrets import mask
from conversational_rag.security.permissions import PERMISSIONS
from conversational_rag.security.principals import Principal
from conversational_rag.services.audit import ANYBODY, NOBODY, Audit

_REFUSALS = frozenset({401, 403, 404, 429})
# To look for what is not there says little, unless it was to be changed.
_ALWAYS_NOTED = _REFUSALS - {404}
_WELL_FORMED = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")


class AuditTrail:
    """Notes every answer to an audited operation, and 401, 403 and 429 to any other.

    A route may say in the state what its operation was about: `audit_client`, `audit_object`; else its address does.
    A WebSocket that was accepted first says there with what status it was `turned_away`.
    """

    def __init__(self, app: ASGIApp, operations: Operations) -> None:
        self._app, self._operations = app, operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_noted(message: Message) -> None:
            if message["type"] in STARTS:
                await self._note(scope, message["status"])
            elif message["type"] == "websocket.close" and "turned_away" in scope["state"]:
                await self._note(scope, scope["state"]["turned_away"])
            await send(message)

        await self._app(scope, receive, send_noted)

    async def _note(self, scope: Scope, status: int) -> None:
        # Where its route was reached, that has said which operation it is: most need no look at all addresses.
        reached = PERMISSIONS.get(scope["state"].get("operation", ""))
        if status not in _ALWAYS_NOTED and reached is not None and not reached.audited:
            return
        operation = self._operations.find(scope)
        permission = PERMISSIONS.get(operation.id)
        if status in _ALWAYS_NOTED or (permission is not None and permission.audited):
            audit: Audit = scope["app"].state.resources.audit
            await audit.note(_entry(scope, operation, status))


def _entry(scope: Scope, operation: Operation, status: int) -> Entry:
    state = scope["state"]
    principal: Principal | None = state.get("principal")
    return Entry(
        actor=_actor(principal),
        scope=None if principal is None else principal.scope,
        client_id=state.get("audit_client") or _client(operation, principal),
        action=operation.id,
        object=state.get("audit_object") or _object(operation),
        address=address_of(scope),
        outcome=_outcome(status),
        status=status,
        request_id=state["request_id"],
    )


def _actor(principal: Principal | None) -> str:
    if principal is None:
        return NOBODY
    return principal.key_id or ANYBODY


def _client(operation: Operation, principal: Principal | None) -> str | None:
    if principal is not None and principal.tenant is not None:
        return principal.tenant.client_id
    return _id(operation.parameters.get("client_id"))


def _object(operation: Operation) -> str | None:
    """The last thing that the address names, unless that is the client."""
    named = [value for name, value in operation.parameters.items() if name != "client_id"]
    return _id(named[-1]) if named else None


def _id(text: str | None) -> str | None:
    """Strangers may write anything into an address; what can be no id is left out."""
    return mask(text) if text is not None and _WELL_FORMED.match(text) else None


def _outcome(status: int) -> str:
    if status < 400:
        return DONE
    return REFUSED if status in _REFUSALS else FAILED
