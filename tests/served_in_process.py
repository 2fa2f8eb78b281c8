"""The application behind a real server inside the test's own process, so that a part of it can be replaced."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from waiting import wait_for

from conversational_rag.application import create_app
from conversational_rag.config import Settings
from conversational_rag.resources import Resources


@dataclass(frozen=True, slots=True)
class Served:
    """It runs in a thread; what is replaced in its resources is replaced for it."""

    url: str
    resources: Resources
    loop: asyncio.AbstractEventLoop

    def do(self, work: Any) -> Any:
        """Run a coroutine where the application runs; its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[Served]:
    app = create_app(
        Settings(_env_file=None, data_dir=folder / "data", vector_store_path=folder / "chroma_db", **settings)
    )
    server = uvicorn.Server(uvicorn.Config(app, loop="asyncio", log_config=None, access_log=False, log_level="warning"))
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve(listening: socket.socket) -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve([listening])

    # Named as TCP: else asyncio leaves small packets waiting for each other, 40 ms a request.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=lambda: asyncio.run(serve(listening)))
        thread.start()
        try:
            wait_for(lambda: server.started or not thread.is_alive())
            yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.resources, loops[0])
        finally:
            server.should_exit = True
            thread.join(60)
