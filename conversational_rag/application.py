"""The application: routers, middleware, error handlers, and the resources it lives on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

from conversational_rag import exception_handlers
from conversational_rag.config import Settings, load
from conversational_rag.middleware.body_limit import BodyLimit
from conversational_rag.middleware.request_context import RequestContext
from conversational_rag.middleware.trailing_slash import TrailingSlash
from conversational_rag.observability.logging import configure_logging
from conversational_rag.observability.metrics import Metrics
from conversational_rag.resources import opened, probe_data
from conversational_rag.routers import chat, collections, documents, health, ingest, metrics, sessions, usage
from conversational_rag.schemas.problems import Problem

_DESCRIPTION = "Upload documents, ask about them, come back tomorrow. Answers cite file and page."
_JSON_BODY_BYTES = 1024 * 1024
_PROBLEM = {"model": Problem, "content": {exception_handlers.PROBLEM_TYPE: {}}, "description": "What went wrong"}


def load_app() -> FastAPI:
    """The application as the environment wants it. Raises StartError.

    The data directory is tried here already: what fails later, in the lifespan, the server reports with a stack trace.
    """
    settings = load()
    probe_data(settings)
    return create_app(settings)


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application; its resources open when its lifespan begins."""
    configure_logging(settings.log_level, settings.log_format)
    counted = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, counted) as resources:
            app.state.resources = resources
            with resources.stop_sign.watching():
                yield

    app = FastAPI(
        title="conversational_rag",
        description=_DESCRIPTION,
        version="1",
        lifespan=lifespan,
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
        redirect_slashes=False,
    )
    for router in (
        ingest.router,
        documents.router,
        collections.router,
        chat.router,
        sessions.router,
        sessions.chat_router,
        usage.router,
        health.router,
        metrics.router,
    ):
        app.include_router(router)
    exception_handlers.install(app)
    Instrumentator(registry=counted.registry, excluded_handlers=["/metrics", "/healthz"]).instrument(app)
    # The last one added is the first one passed.
    upload_bytes = int(settings.max_request_mb * 1024 * 1024)
    limits = {"/api/v1/ingest/url": _JSON_BODY_BYTES, "/api/v1/ingest/": upload_bytes, "": _JSON_BODY_BYTES}
    app.add_middleware(BodyLimit, limits=limits)
    app.add_middleware(TrailingSlash, canonical=("/api/v1/ingest/", "/api/v1/chat/"))
    app.add_middleware(RequestContext)
    return app
