"""Every way into the application has a permission and a recipe: a new route without them fails here."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route, WebSocketRoute

from conversational_rag.application import create_app
from conversational_rag.config import Settings
from conversational_rag.security.permissions import PERMISSIONS
from conversational_rag.selftest.pages import PAGES
from conversational_rag.selftest.recipes import OPERATIONS, WEBSOCKETS
from conversational_rag.selftest.walk import gaps

# They describe the service, to whoever has a key: nothing of any client can stand there.
DESCRIPTIONS = {"/openapi.json", "/docs"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create_app(Settings(_env_file=None, data_dir=tmp_path / "data", vector_store_path=tmp_path / "chroma_db"))


def all_routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Those of included routers too, each as it was declared."""
    for route in routes:
        included = getattr(route, "original_router", None) or getattr(route, "app", None)
        below = getattr(included, "routes", None)
        if isinstance(route, Route | WebSocketRoute) or below is None:
            yield route
        else:
            yield from all_routes(below)


def operations(app: FastAPI) -> set[str]:
    shown = (route for route in all_routes(app.routes) if isinstance(route, APIRoute) and route.include_in_schema)
    return {route.operation_id or f"no operation_id at {route.path}" for route in shown}


def websockets(app: FastAPI) -> set[str]:
    return {route.name for route in all_routes(app.routes) if isinstance(route, WebSocketRoute)}


def others(app: FastAPI) -> set[str]:
    """What is neither: pages, and whatever else somebody may hang in, by its address."""
    return {
        getattr(route, "path", repr(route))
        for route in all_routes(app.routes)
        if not isinstance(route, WebSocketRoute) and not (isinstance(route, APIRoute) and route.include_in_schema)
    }


def test_every_operation_has_a_recipe(app: FastAPI) -> None:
    assert operations(app) == set(OPERATIONS)


def test_every_websocket_has_a_recipe(app: FastAPI) -> None:
    assert websockets(app) == set(WEBSOCKETS)


def test_every_operation_and_every_websocket_has_a_permission(app: FastAPI) -> None:
    assert operations(app) | websockets(app) == set(PERMISSIONS)


def test_nothing_else_is_served_but_what_describes_it_and_what_is_everybodys(app: FastAPI) -> None:
    assert others(app) == DESCRIPTIONS | set(PAGES)
    assert all(page.reason for page in PAGES.values())


def test_what_is_everybodys_is_only_looked_at(app: FastAPI) -> None:
    pages = [route for route in all_routes(app.routes) if getattr(route, "path", None) in PAGES]
    assert len(pages) == len(PAGES)
    assert all(isinstance(route, Route) and route.methods == {"GET", "HEAD"} for route in pages)


def test_a_new_route_is_noticed_whatever_its_kind(app: FastAPI) -> None:
    @app.get("/new", operation_id="new")
    async def new() -> None: ...

    @app.websocket("/new-socket", name="new_socket")
    async def new_socket(socket: WebSocket) -> None: ...

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> None: ...

    app.mount("/files", _nothing)
    assert operations(app) - set(OPERATIONS) == {"new"}
    assert websockets(app) - set(WEBSOCKETS) == {"new_socket"}
    assert {"/hidden", "/files"} <= others(app) - DESCRIPTIONS - set(PAGES)
    assert gaps(app.openapi()) == {"new": "it has no permission (security/permissions.py)"}


async def _nothing(scope: object, receive: object, send: object) -> None: ...
