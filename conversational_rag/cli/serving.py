"""The command that serves."""

import contextlib

from conversational_rag import config, loading


def serve() -> None:
    """Serve HTTP on HOST and PORT."""
    settings = config.load()
    with loading.frugally():
        # Only now: loading it takes a second, and a wrong setting is told at once.
        from conversational_rag.cli.server import make_server

        server = make_server(settings.host, settings.port)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
