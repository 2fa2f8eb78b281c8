"""What routers ask for, by name: who calls, for which client, and what the service has.

All of them are coroutines: a plain function would be run in a thread, for each request.
"""

import uuid
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.requests import HTTPConnection

from conversational_rag.errors import ClientNotFound, Forbidden, InvalidRequest, Unauthenticated
from conversational_rag.resources import Resources as _Resources
from conversational_rag.schemas.fields import ClientId
from conversational_rag.security.permissions import PERMISSIONS
from conversational_rag.security.principals import Principal as _Principal
from conversational_rag.security.tenants import Tenant as _Tenant
from conversational_rag.security.tenants import is_well_formed


async def _resources(connection: HTTPConnection) -> _Resources:
    resources: _Resources = connection.app.state.resources
    return resources


Resources = Annotated[_Resources, Depends(_resources)]

# One signs up by uploading; a WebSocket may show its key in its first frame.
_OPEN_TO_STRANGERS = frozenset({"ingest", "chat_websocket"})


async def authorize(connection: HTTPConnection) -> None:
    """Runs before every operation: whether its caller may do it. Raises Unauthenticated, Forbidden.

    A stranger may do what is public, sign up by an upload, and show a key in a WebSocket's first frame.
    """
    operation = _operation(connection)
    principal: _Principal | None = connection.state.principal
    connection.state.operation = operation
    permission = PERMISSIONS.get(operation)
    if permission is None:
        raise Forbidden
    if permission.scope is not None:
        if principal is not None:
            principal.require(permission.scope)
        elif operation not in _OPEN_TO_STRANGERS or (operation == "ingest" and not await _lets_sign_up(connection)):
            raise Unauthenticated
    connection.state.authorized = principal


async def _lets_sign_up(connection: HTTPConnection) -> bool:
    return (await _resources(connection)).settings.allow_signup


def _operation(connection: HTTPConnection) -> str:
    """Its id in the OpenAPI document; the name of a WebSocket's route."""
    route = connection.scope["route"]
    return getattr(route, "operation_id", None) or str(route.name)


async def _authorized(connection: HTTPConnection) -> _Principal | None:
    """Not by depending on `authorize`, which would be solved again for each that asks; fails where it has not run."""
    principal: _Principal | None = connection.state.authorized
    return principal


OptionalCaller = Annotated[_Principal | None, Depends(_authorized)]


async def _caller(connection: HTTPConnection) -> _Principal:
    principal = await _authorized(connection)
    if principal is None:
        raise Unauthenticated
    return principal


Caller = Annotated[_Principal, Depends(_caller)]


def tenant_of(caller: _Principal, client_id: str | None, field: str = "body.client_id") -> _Tenant:
    """The client a request is about, which a key of one client need not name. Raises ClientNotFound, InvalidRequest."""
    tenant = caller.acting_for(client_id)
    if tenant is None:
        raise InvalidRequest(errors=[{"field": field, "message": "Field required"}])
    return tenant


def tenant_of_path(client_id: str, caller: _Principal) -> _Tenant:
    """The client an address names. Raises ClientNotFound, also for what can be no client_id."""
    if not is_well_formed(client_id):
        raise ClientNotFound
    return tenant_of(caller, client_id)


async def _tenant_of_path(client_id: Annotated[str, Path(description="The client.")], caller: Caller) -> _Tenant:
    return tenant_of_path(client_id, caller)


async def _tenant_of_query(
    caller: Caller,
    client_id: Annotated[
        ClientId | None, Query(description="Only this client's; another's is not found. A client's key says so itself.")
    ] = None,
) -> _Tenant | None:
    return caller.acting_for(client_id)


async def _tenant_named(
    caller: Caller,
    client_id: Annotated[
        ClientId | None, Query(description="Whose; others do not find them. A client's key says so itself.")
    ] = None,
) -> _Tenant:
    return tenant_of(caller, client_id, "query.client_id")


_KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Sent again with the same request, it gives the answer of the first one. With a key for web "
        "pages it must be a random UUID.",
    ),
]


async def _idempotency_key(connection: HTTPConnection, key: _KeyHeader = None) -> str | None:
    return None if key is None else _key_as_stored(key, await _authorized(connection))


def _key_as_stored(key: str, principal: _Principal | None) -> str:
    """Two callers may choose the same."""
    if principal is None:
        raise InvalidRequest(errors=[{"field": "header.Idempotency-Key", "message": "takes a caller with a key"}])
    if principal.is_public and not _is_random_uuid(key):
        # Who guesses another visitor's key and question would be given his session.
        raise InvalidRequest(errors=[{"field": "header.Idempotency-Key", "message": "takes a random UUID (version 4)"}])
    return key if principal.line is None else f"{principal.line}:{key}"


def _is_random_uuid(text: str) -> bool:
    try:
        return uuid.UUID(text).version == 4
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class _Asker:
    resources: _Resources
    caller: _Principal
    key: str | None


async def _asker(connection: HTTPConnection, key: _KeyHeader = None) -> _Asker:
    caller = await _caller(connection)
    return _Asker(await _resources(connection), caller, None if key is None else _key_as_stored(key, caller))


# Resources, Caller and IdempotencyKey at once, for what is asked most: the framework takes its time with each of them.
Asker = Annotated[_Asker, Depends(_asker)]
PathTenant = Annotated[_Tenant, Depends(_tenant_of_path)]
QueryTenant = Annotated[_Tenant, Depends(_tenant_named)]
OptionalTenant = Annotated[_Tenant | None, Depends(_tenant_of_query)]
IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=2**31, description="How many to pass over.")]
