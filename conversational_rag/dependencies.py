"""What routers ask for, by name."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.requests import HTTPConnection

from conversational_rag.errors import ClientNotFound
from conversational_rag.resources import Resources as _Resources
from conversational_rag.schemas.fields import ClientId
from conversational_rag.security.tenants import Tenant as _Tenant
from conversational_rag.security.tenants import is_well_formed


def _resources(connection: HTTPConnection) -> _Resources:
    resources: _Resources = connection.app.state.resources
    return resources


def tenant_of_path(client_id: Annotated[str, Path(description="The client.")]) -> _Tenant:
    """The client an address names. Raises ClientNotFound for what can be no client_id."""
    if not is_well_formed(client_id):
        raise ClientNotFound
    return _Tenant(client_id)


def _tenant_of_query(
    client_id: Annotated[ClientId | None, Query(description="Only this client's; another's is not found.")] = None,
) -> _Tenant | None:
    return None if client_id is None else _Tenant(client_id)


def _tenant_named(
    client_id: Annotated[ClientId, Query(description="Whose; others do not find them.")],
) -> _Tenant:
    return _Tenant(client_id)


Resources = Annotated[_Resources, Depends(_resources)]
PathTenant = Annotated[_Tenant, Depends(tenant_of_path)]
QueryTenant = Annotated[_Tenant, Depends(_tenant_named)]
OptionalTenant = Annotated[_Tenant | None, Depends(_tenant_of_query)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=2**31, description="How many to pass over.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Sent again with the same request, it gives the answer of the first one.",
    ),
]
