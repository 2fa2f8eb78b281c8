"""/health, /healthz, /readyz: how the service is."""

import time

from fastapi import APIRouter, Response

from conversational_rag.dependencies import OptionalCaller, Resources
from conversational_rag.schemas.health import Alive, Dependency, Health, Readiness
from conversational_rag.security.principals import Scope

router = APIRouter(tags=["health"])


@router.get("/health", operation_id="health")
async def health(resources: Resources, caller: OptionalCaller) -> Health:
    """The service in one glance; where on the disk its database is, the admin alone is told."""
    settings = resources.settings
    is_admin = caller is not None and caller.scope is Scope.ADMIN
    return Health(
        status="healthy",
        timestamp=time.time(),
        model=settings.model_name,
        vector_store=settings.vector_store_type,
        session_storage=settings.session_store_type,
        database_path=str(settings.session_db_path) if is_admin else settings.session_db_path.name,
    )


@router.get("/healthz", operation_id="healthz")
async def healthz() -> Alive:
    """The process answers."""
    return Alive(status="alive")


@router.get("/readyz", operation_id="readyz", responses={503: {"model": Readiness}})
async def readyz(resources: Resources, response: Response) -> Readiness:
    """Whether requests can be served, and how each dependency is; 503 when a needed one is down."""
    states = await resources.readiness.states()
    dependencies = {name: Dependency.model_validate(state, from_attributes=True) for name, state in states.items()}
    ready = all(state.status in ("ok", "degraded") for state in states.values() if state.needed)
    response.status_code = 200 if ready else 503
    return Readiness(status="ready" if ready else "not_ready", dependencies=dependencies)
