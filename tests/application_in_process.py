"""The application inside the test's own process, so that a part of it can be replaced; its clients speak ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from conversational_rag.application import create_app
from conversational_rag.config import Settings
from conversational_rag.resources import Resources


@asynccontextmanager
async def application(folder: Path, **settings: Any) -> AsyncIterator[tuple[httpx2.AsyncClient, Resources]]:
    app = create_app(
        Settings(_env_file=None, data_dir=folder / "data", vector_store_path=folder / "chroma_db", **settings)
    )
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as http,
    ):
        yield http, app.state.resources
