"""The command that serves."""

import uvicorn

from conversational_rag import config
from conversational_rag.cli.terminal import cli


@cli.command()
def serve() -> None:
    """Serve HTTP on HOST and PORT."""
    settings = config.load()
    # Only now: loading it takes a second or two, and a wrong setting is told at once.
    from conversational_rag.application import load_app

    app = load_app()
    # The asyncio loop: uvloop keeps some callers of a large burst waiting for seconds (docs/performance.md).
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
    )
