"""What the Groq stand-in can do with one request: an answer, or one of the faults that the live service has shown.

Each fault's status, headers and body are as they were captured from it; ids of organisations are made up.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

_ORGANISATION = "org_01secretsecretsecretsecret"
_UPSELL = "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
_SCOPES = {
    "RPM": ("requests per minute (RPM)", "requests", 30),
    "RPD": ("requests per day (RPD)", "requests", 1_000),
    "TPM": ("tokens per minute (TPM)", "tokens", 8_000),
    "TPD": ("tokens per day (TPD)", "tokens", 200_000),
}


@dataclass(frozen=True)
class Refusal:
    """A status before any word. `{model}` in a text is filled in; a str body is sent as it is, as HTML or text."""

    status: int
    body: dict[str, Any] | str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A 200. Without `text` it is made from the prompt, by `made_by` of its messages where that is given. The rest says
    how it goes wrong, if it does."""

    text: str | None = None
    delay_seconds: float = 0.0
    words_until_reset: int | None = None
    words_until_silence: int | None = None
    held_after: tuple[int, threading.Event] | None = None
    event_after: tuple[int, dict[str, Any]] | None = None
    finish_reason: str | None = "stop"
    reasoning_tokens: int = 12
    reports_usage: bool = True
    made_by: Callable[[list[dict[str, Any]]], str] | None = None


@dataclass(frozen=True)
class Silence:
    """The request is taken and never answered."""


@dataclass(frozen=True)
class Reset:
    """The connection is reset before any byte of an answer."""


Turn = Refusal | Answer | Silence | Reset


def rate_limited(
    scope: str = "TPM",
    wait: str = "14.79s",
    retry_after: int | None = 15,
    *,
    limit: int | None = None,
    used: int | None = None,
    requested: int | None = None,
) -> Refusal:
    """429 of one bucket; `wait` as Go prints durations."""
    words, kind, usual = _SCOPES[scope]
    limit = usual if limit is None else limit
    used = limit if used is None else used
    requested = 500 if requested is None else requested
    text = (
        f"Rate limit reached for model `{{model}}` in organization `{_ORGANISATION}` service tier `on_demand` on "
        f"{words}: Limit {limit}, Used {used}, Requested {requested}. Please try again in {wait}. {_UPSELL}"
    )
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Refusal(429, _error(text, kind, "rate_limit_exceeded"), headers)


def too_large(limit: int = 8_000, requested: int = 14_137) -> Refusal:
    """413: one request asks for more than the whole bucket."""
    text = (
        f"Request too large for model `{{model}}` in organization `{_ORGANISATION}` service tier `on_demand` on tokens "
        f"per minute (TPM): Limit {limit}, Requested {requested}, please reduce your message size and try again. "
    )
    return Refusal(413, _error(text + _UPSELL, "tokens", "rate_limit_exceeded"))


def output_too_large(limit: int = 1_000, requested: int = 1_329) -> Refusal:
    """The 429 that no waiting cures."""
    text = (
        f"Request too large for model `{{model}}` in organization `{_ORGANISATION}` service tier `on_demand` on output "
        f"tokens per minute (OTPM): Limit {limit}, Requested {requested}. The request's expected output tokens exceed "
        "the enforced limit; reduce max_tokens and try again. "
    )
    return Refusal(429, _error(text + _UPSELL, "tokens", "rate_limit_exceeded"), {"retry-after": "20"})


def gone(status: int = 404) -> Refusal:
    """A model that was shut down: 404 (now) or 400 (older ids)."""
    if status == 404:
        text = "The model `{model}` does not exist or you do not have access to it."
        return Refusal(404, _error(text, "invalid_request_error", "model_not_found"))
    text = (
        "The model `{model}` has been decommissioned and is no longer supported. Please refer to "
        "https://console.groq.com/docs/deprecations for a recommendation on which model to use instead."
    )
    return Refusal(400, _error(text, "invalid_request_error", "model_decommissioned"))


def blocked() -> Refusal:
    """403: the model is not on the organisation's list."""
    text = f"The model `{{model}}` is blocked at the organization level of `{_ORGANISATION}`."
    return Refusal(403, _error(text, "permissions_error", "model_permission_blocked_org"))


def key_refused() -> Refusal:
    return Refusal(401, _error("Invalid API Key", "invalid_request_error", "invalid_api_key"))


def forbidden_html() -> Refusal:
    """The content network's own refusal."""
    return Refusal(403, "<html><body>error code: 1010</body></html>")


def server_error(status: int = 500) -> Refusal:
    """500 in JSON, or a 502 with a page of the content network."""
    if status == 500:
        return Refusal(500, _error("Internal Server Error", "internal_server_error", None))
    return Refusal(status, f"<html><head><title>{status} Bad Gateway</title></head><body>cloudflare</body></html>")


def over_capacity(status: int = 503) -> Refusal:
    """503 of an overloaded model, or the flex tier's 498."""
    if status == 498:
        return Refusal(498, _error("Flex capacity exceeded", "capacity_exceeded", "capacity_exceeded"))
    text = (
        "{model} is currently over capacity. Please try again and back off exponentially. Visit "
        "https://groqstatus.com to see if there is an active incident."
    )
    return Refusal(503, {"error": {"message": text, "type": "internal_server_error"}})


def hang() -> Silence:
    return Silence()


def hang_midway(words: int = 3, text: str | None = None) -> Answer:
    """Some words, then nothing, with the connection open."""
    return Answer(text, words_until_silence=words)


def held(words: int, release: threading.Event, text: str | None = None) -> Answer:
    """Some words, and the others once `release` is set."""
    return Answer(text, held_after=(words, release))


def reset_before() -> Reset:
    return Reset()


def reset_midway(words: int = 3, text: str | None = None) -> Answer:
    return Answer(text, words_until_reset=words)


def no_finish(text: str | None = None) -> Answer:
    """The body ends in order, but no chunk carried a finish_reason."""
    return Answer(text, finish_reason=None)


def error_event(words: int = 0, code: str | None = None, text: str | None = None) -> Answer:
    """An `error` event in place of a chunk, after some words."""
    message = f"The server had an error for `{_ORGANISATION}` while processing your request."
    return Answer(text, event_after=(words, _error(message, "server_error", code)))


def early_stop(words: int = 0) -> Answer:
    """`x_groq.error` announces that the stream ends early; no finish_reason follows."""
    chunk = {"choices": [{"index": 0, "delta": {}, "finish_reason": None}], "x_groq": {"error": "over_capacity"}}
    return Answer(event_after=(words, chunk))


def empty_length() -> Answer:
    """The model spent its whole allowance on thinking."""
    return Answer("", finish_reason="length", reasoning_tokens=200)


def slow(words: int, delay_seconds: float) -> Answer:
    """So many words, one every `delay_seconds`."""
    return Answer(" ".join(f"word{number}" for number in range(1, words + 1)), delay_seconds=delay_seconds)


def filled_in(refusal: Refusal, model: str) -> Refusal:
    """The refusal with the model's name in its text."""
    if isinstance(refusal.body, str):
        return refusal
    return replace(refusal, body=json.loads(json.dumps(refusal.body).replace("{model}", model)))


def _error(message: str, kind: str, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "code": code}}
