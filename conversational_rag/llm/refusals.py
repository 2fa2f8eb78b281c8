"""What a refusal of the provider means: HTTP status, error code and text become one error of our tree.

The provider's own text is read but never passed on: it holds the organisation's id. Sources: the provider's error
and rate limit pages, and bodies seen on the live service.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conversational_rag.errors import (
    BadGeneration,
    KeyRefused,
    ModelError,
    ModelGone,
    ModelUnreachable,
    OverCapacity,
    PromptTooLarge,
    RateLimited,
)
from conversational_rag.llm.headers import parse_duration, read_retry_after

_GONE = frozenset({"model_not_found", "model_decommissioned", "model_terms_required"})
_SPENT = frozenset({"blocked_api_access"})
_BAD_GENERATION = frozenset({"json_validate_failed", "tool_use_failed"})
_TOO_LARGE = frozenset({"context_length_exceeded", "string_above_max_length"})
_SCOPE = re.compile(r"per (?:minute|day) \((RPM|RPD|TPM|TPD|ITPM|OTPM)\)")
_WAIT = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|us|µs|ns|h|m|s))+)")
_LIMIT = re.compile(r"\bLimit (\d+)|less than or equal to `?(\d+)")
_USED = re.compile(r"\bUsed (\d+)")
_REQUESTED = re.compile(r"\bRequested (\d+)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: `status` is 0 when it came inside a stream that had begun with 200."""

    status: int
    code: str
    message: str
    parameter: str
    readable: bool
    retry_after: float | None

    @property
    def too_large(self) -> bool:
        return "request too large" in self.message.lower()


def explain(status: int, body: object, headers: Mapping[str, str] | None = None) -> ModelError:
    """The error that a refusal means; `body` is the parsed JSON (with or without the outer `error`) or text."""
    refusal = _read(status, body, headers or {})
    make = next(make for matches, make in _ROWS if matches(refusal))
    return make(refusal)


def _read(status: int, body: object, headers: Mapping[str, str]) -> Refusal:
    error: Any = body.get("error", body) if isinstance(body, dict) else body
    fields: dict[str, Any] = error if isinstance(error, dict) else {}
    message = fields.get("message") if fields else error
    return Refusal(
        status=status,
        code=str(fields.get("code") or ""),
        message=message if isinstance(message, str) else "",
        parameter=str(fields.get("param") or ""),
        readable=bool(fields),
        retry_after=read_retry_after(headers),
    )


def _rate_limited(refusal: Refusal) -> ModelError:
    hint = _WAIT.search(refusal.message)
    waits = (parse_duration(hint[1]) if hint else None, refusal.retry_after)
    # The header is rounded to whole seconds and the text is precise, so the longer of the two is safe.
    wait = max((seconds for seconds in waits if seconds is not None), default=None)
    return RateLimited(
        scope=_scope(refusal),
        limit=_number(_LIMIT, refusal),
        used=_number(_USED, refusal),
        requested=_number(_REQUESTED, refusal),
        retry_after=wait,
    )


def _prompt_too_large(refusal: Refusal) -> ModelError:
    limit, requested = _number(_LIMIT, refusal), _number(_REQUESTED, refusal)
    return PromptTooLarge(scope=_scope(refusal), limit=limit, requested=requested)


def _scope(refusal: Refusal) -> str:
    scope = _SCOPE.search(refusal.message)
    return scope[1] if scope else ""


def _number(pattern: re.Pattern[str], refusal: Refusal) -> int | None:
    found = pattern.search(refusal.message)
    return int(next(filter(None, found.groups()))) if found else None


def _over_capacity(refusal: Refusal) -> ModelError:
    return OverCapacity(retry_after=refusal.retry_after)


def _says(error: type[ModelError], detail: str | None = None) -> Callable[[Refusal], ModelError]:
    return lambda _refusal: error(detail)


def _is(*statuses: int) -> Callable[[Refusal], bool]:
    return lambda refusal: refusal.status in statuses


_ROWS: tuple[tuple[Callable[[Refusal], bool], Callable[[Refusal], ModelError]], ...] = (
    (lambda r: r.code in _GONE or r.code.startswith("model_permission_blocked"), _says(ModelGone)),
    # The same code and status serve two meanings: a bucket that refills, and a request larger than the bucket.
    (lambda r: r.status == 413 or r.too_large or r.code in _TOO_LARGE, _prompt_too_large),
    (lambda r: r.status == 400 and r.parameter in {"max_tokens", "max_completion_tokens"}, _prompt_too_large),
    (lambda r: r.status == 429 or r.code == "rate_limit_exceeded", _rate_limited),
    (
        lambda r: r.code in _SPENT or r.code.startswith("spend_"),
        _says(KeyRefused, "The provider account's spending limit is reached; raise it there, or set another key."),
    ),
    (lambda r: r.status == 401 or r.code == "invalid_api_key", _says(KeyRefused)),
    (lambda r: r.status == 403 and r.readable, _says(KeyRefused)),
    (
        _is(403),
        _says(ModelUnreachable, "A proxy or firewall before the provider refused the request; check the network."),
    ),
    (
        lambda r: r.status == 404 and (r.code == "unknown_url" or not r.readable),
        _says(ModelUnreachable, "The provider does not know this address; check GROQ_API_BASE (it has no path)."),
    ),
    (_is(404), _says(ModelGone)),
    (lambda r: r.code in _BAD_GENERATION, _says(BadGeneration)),
    (lambda r: r.status in (498, 503) or "over capacity" in r.message, _over_capacity),
    (_is(408), _says(ModelUnreachable, "The provider gave up waiting for the request; try again.")),
    (
        lambda r: 400 <= r.status < 500,
        _says(BadGeneration, "The provider refused the request's form; another model may take it."),
    ),
    (
        lambda r: 300 <= r.status < 400,
        _says(ModelUnreachable, "The provider's address redirects elsewhere; check GROQ_API_BASE."),
    ),
    (lambda r: r.status >= 500, _says(ModelUnreachable, "The provider failed; it usually recovers by itself.")),
    (lambda _: True, _says(BadGeneration)),
)
