"""The application: routers, middleware, error handlers, and the resources it lives on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware

from conversational_rag import exception_handlers
from conversational_rag.config import Settings, load
from conversational_rag.dependencies import authorize
from conversational_rag.middleware.audit_trail import AuditTrail
from conversational_rag.middleware.authentication import Authentication
from conversational_rag.middleware.body_limit import BodyLimit
from conversational_rag.middleware.caller_limits import CallerLimiting
from conversational_rag.middleware.hosts import Hosts
from conversational_rag.middleware.local_only import LocalOnly
from conversational_rag.middleware.operations import Operations
from conversational_rag.middleware.origins import Origins
from conversational_rag.middleware.request_context import REQUEST_ID, RequestContext
from conversational_rag.middleware.request_counting import RequestCounting
from conversational_rag.middleware.security_headers import SecurityHeaders
from conversational_rag.middleware.trailing_slash import TrailingSlash
from conversational_rag.observability.logging import configure_logging
from conversational_rag.observability.metrics import Metrics
from conversational_rag.resources import Resources, opened, probe_models
from conversational_rag.routers import (
    audit,
    chat,
    chat_websocket,
    collections,
    documents,
    feedback,
    health,
    ingest,
    keys,
    metrics,
    models,
    page,
    reference,
    search,
    sessions,
    sign_in,
    usage,
)
from conversational_rag.schemas.problems import Problem
from conversational_rag.services.data_claim import probe_data

_DESCRIPTION = "Upload documents, ask about them, come back tomorrow. Answers cite file and page."
_JSON_BODY_BYTES = 1024 * 1024
# Where nobody needs a key.
_FREE_PATHS = ("/health", "/healthz", "/readyz", "/api/v1/auth/sign-in")
# They are tried one after the other: what is asked most stands first.
_ROUTERS = (
    chat.router,
    chat_websocket.router,
    ingest.router,
    documents.router,
    collections.router,
    search.router,
    sessions.router,
    sessions.chat_router,
    feedback.router,
    usage.router,
    models.router,
    keys.router,
    sign_in.router,
    audit.router,
    health.router,
    metrics.router,
)
# What pages of ALLOWED_ORIGINS may send and read.
_CORS: dict[str, Any] = {
    "allow_credentials": True,
    "allow_methods": ("GET", "POST", "PUT", "PATCH", "DELETE"),
    "allow_headers": ("Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", REQUEST_ID),
    "expose_headers": (REQUEST_ID, "Retry-After", "RateLimit", "RateLimit-Policy", "Location"),
}
_PROBLEM = {"model": Problem, "content": {exception_handlers.PROBLEM_TYPE: {}}, "description": "What went wrong"}


def load_app() -> FastAPI:
    """The application as the environment wants it. Raises StartError.

    Data and models are tried here already: what fails later, in the lifespan, the server reports with a stack trace.
    """
    settings = load()
    probe_data(settings.data_dir, settings.session_db_path)
    probe_models(settings)
    return create_app(settings)


async def _show_first_key(resources: Resources) -> None:
    """Where keys are required somebody must have one. Not through the log, which is kept."""
    made = await resources.keys.create_first_admin_key()
    if made is not None:
        print(f"The first admin key; it is shown this once:\n{made.text}", flush=True)  # noqa: T201


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application; its resources open when its lifespan begins."""
    configure_logging(settings.log_level, settings.log_format)
    counted = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, counted) as resources:
            app.state.resources = resources
            if settings.auth_mode == "keys":
                await _show_first_key(resources)
            with resources.stop_sign.watching():
                yield

    app = FastAPI(
        title="conversational_rag",
        description=_DESCRIPTION,
        version="1",
        lifespan=lifespan,
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
        redirect_slashes=False,
        # Theirs load scripts from other servers; see routers/reference.py.
        docs_url=None,
        redoc_url=None,
    )
    for router in _ROUTERS:
        app.include_router(router, dependencies=[Depends(authorize)])
    app.include_router(reference.router)
    app.include_router(page.router)
    exception_handlers.install(app)
    app.add_middleware(RequestCounting, metrics=counted.requests)
    _add_middleware(app, settings)
    return app


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the first one passed."""
    is_open = settings.auth_mode == "open"
    uploads = {"/api/v1/ingest/url": _JSON_BODY_BYTES, "/api/v1/ingest/": settings.max_request_bytes}
    limits = {**uploads, "": _JSON_BODY_BYTES}
    app.add_middleware(BodyLimit, limits=limits)
    app.add_middleware(CallerLimiting, is_open=is_open)
    app.add_middleware(Origins, allowed=settings.allowed_origins, is_open=is_open)
    app.add_middleware(Authentication, is_open=is_open, signup=settings.allow_signup, free_paths=_FREE_PATHS)
    app.add_middleware(AuditTrail, operations=Operations(route for router in _ROUTERS for route in router.routes))
    if settings.allowed_origins:
        app.add_middleware(CORSMiddleware, **_CORS, allow_origins=settings.allowed_origins)
    if settings.allowed_hosts or settings.is_local_only:
        app.add_middleware(Hosts, names=settings.allowed_hosts)
    if settings.is_local_only:
        app.add_middleware(LocalOnly)
    app.add_middleware(TrailingSlash, canonical=("/api/v1/ingest/", "/api/v1/chat/"))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestContext)
