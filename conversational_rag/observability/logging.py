"""Logs: one line an event, JSON unless a terminal reads them; the request id stands on each line of a request."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from conversational_rag.observability.secrets import mask_line, mask_named

# Libraries that write a line for each request they send, addresses included.
_TALKATIVE = ("httpx", "httpcore", "groq", "langsmith", "chromadb", "alembic", "asyncio")
# The server's lines on requests show the query string, where somebody may have put a key; the service writes its own.
_OF_REQUESTS, _OF_SOCKETS = "uvicorn.access", '"WebSocket %s"'


def configure_logging(level: str, form: Literal["auto", "json", "console"]) -> None:
    """Send structlog's and the standard library's records to standard error in one form."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    rendered: list[Any] = (
        # Not the richer traceback: it prints the values of variables.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _drop_colours,
                mask_named,
                *rendered,
                mask_line,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    _take_over_server_log()


def _take_over_server_log() -> None:
    """Also where the server was not started by this program and has set its log up itself."""
    for name in ("uvicorn", "uvicorn.error", _OF_REQUESTS):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], name != _OF_REQUESTS
    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(_is_not_of_socket)
    # Below that it writes out whatever goes over a WebSocket.
    logger.setLevel(max(logging.INFO, logging.getLogger().level))


def _is_not_of_socket(record: logging.LogRecord) -> bool:
    return _OF_SOCKETS not in str(record.msg)


def _drop_colours(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """uvicorn writes its lines twice, once with terminal colours."""
    event.pop("color_message", None)
    return event
