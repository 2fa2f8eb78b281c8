"""The command that serves."""

import contextlib
import socket

import structlog
import uvicorn

from conversational_rag import config
from conversational_rag.cli.terminal import cli

# An address that stands for all of the machine's; a browser on it takes this one.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104
_log = structlog.get_logger()


@cli.command()
def serve() -> None:
    """Serve HTTP on HOST and PORT."""
    settings = config.load()
    # Only now: loading it takes a second or two, and a wrong setting is told at once.
    from conversational_rag.application import load_app

    app = load_app()
    # The asyncio loop: uvloop keeps some callers of a large burst waiting for seconds (docs/performance.md).
    served = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
    )
    with contextlib.suppress(KeyboardInterrupt):
        _Server(served).run()


class _Server(uvicorn.Server):
    """Says where the page is, as soon as it can be opened."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        _log.info("open_in_a_browser", page=f"http://{_EVERYWHERE.get(host, host)}:{port}/")
