"""Errors on their way out: whatever was raised becomes one problem document."""

import math
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversational_rag.errors import (
    BadInput,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    RequestTooLarge,
    ServiceError,
)

PROBLEM_TYPE = "application/problem+json"
_HTTP: Mapping[int, type[ServiceError]] = {404: NotFound, 405: MethodNotAllowed, 413: RequestTooLarge}
_log = structlog.get_logger()


def install(app: FastAPI) -> None:
    """Render every error of the application."""
    app.add_exception_handler(ServiceError, _render)
    app.add_exception_handler(RequestValidationError, _render)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(LastResort)


class LastResort:
    """Whatever nobody expected becomes a 500 that says nothing about the inside; the log has the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        started = False

        async def watching_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watching_send)
        except Exception as error:  # noqa: BLE001 the last resort
            answer = response(translate(error), scope["state"]["request_id"])
            if scope["type"] == "http" and not started:
                await answer(scope, receive, send)


def problem(error: ServiceError, request_id: str) -> dict[str, Any]:
    """The problem document of an error."""
    document = {
        "type": f"urn:conversational-rag:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }
    if error.retry_after is not None:
        document["retry_after"] = error.retry_after
    return document | {name: value for name, value in error.extensions.items() if value}


def response(error: ServiceError, request_id: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The HTTP answer of an error; 429 and 503 say when to come again."""
    headers = dict(headers or {})
    if "job_id" in error.extensions:
        headers["Location"] = job_address(error.extensions["job_id"])
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="conversational_rag"'
    if error.retry_after is not None or error.status in (429, 503):
        headers["Retry-After"] = str(math.ceil(error.retry_after or 5))
    return JSONResponse(problem(error, request_id), error.status, headers, media_type=PROBLEM_TYPE)


async def refuse(error: ServiceError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or a WebSocket that was not accepted, with the error and nothing else."""
    await response(error, scope["state"]["request_id"])(scope, receive, send)


def job_address(job_id: str) -> str:
    """Where an upload that goes on by itself can be watched."""
    return f"/api/v1/ingest/jobs/{job_id}"


def translate(error: Exception) -> ServiceError:
    """Any exception as one of the tree; the unexpected is logged and told nothing about."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, RequestValidationError):
        return InvalidRequest(errors=[_field_error(problem) for problem in error.errors()])
    if isinstance(error, HTTPException):
        kind = _HTTP.get(error.status_code)
        return kind() if kind is not None else _bad_request(error)
    _log.error("unexpected_error", exc_info=error)
    return InternalError()


def _bad_request(error: HTTPException) -> ServiceError:
    # The framework's own refusals: a body that is no JSON, a multipart form that is broken.
    return BadInput(f"{error.detail}; mend the request and send it again.")


def _field_error(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        "field": ".".join(str(part) for part in found["loc"]),
        "message": found["msg"].removeprefix("Value error, "),
    }


async def _render(request: Request, error: Exception) -> JSONResponse:
    return response(translate(error), _request_id(request))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    headers = error.headers if isinstance(error, HTTPException) else None
    return response(translate(error), _request_id(request), headers)


def _request_id(request: Request) -> str:
    request_id: str = request.state.request_id
    return request_id
