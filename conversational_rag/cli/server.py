"""The server that `serve` runs."""

import socket

import structlog
import uvicorn

from conversational_rag.application import load_app

# An address that stands for all of the machine's; a browser on it takes this one.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104
_log = structlog.get_logger()


def make_server(host: str, port: int) -> uvicorn.Server:
    """The service behind a socket that is not open yet. Raises StartError."""
    # The asyncio loop: uvloop keeps some callers of a large burst waiting for seconds (docs/performance.md).
    served = uvicorn.Config(
        load_app(),
        host=host,
        port=port,
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
    )
    return _Server(served)


class _Server(uvicorn.Server):
    """Says where the page is, as soon as it can be opened."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        _log.info("open_in_a_browser", page=f"http://{_EVERYWHERE.get(host, host)}:{port}/")
