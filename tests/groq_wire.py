"""The bodies and headers of Groq's API, as the stand-in sends them."""

import time
from typing import Any

from groq_turns import Refusal

_TOKENS_PER_MINUTE, _REQUESTS_PER_DAY = 8_000, 1_000


def chunk(model: str, delta: dict[str, Any], finish_reason: str | None = None, **extras: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": "fp_stand_in",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
        **extras,
    }


def completion(model: str, text: str, finish_reason: str | None, usage: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
        "usage": usage,
        "usage_breakdown": None,
        "system_fingerprint": "fp_stand_in",
        "x_groq": {"id": "req_stand_in"},
        "service_tier": "on_demand",
    }


def rate_limit_headers(usage: dict[str, Any], requests: int) -> dict[str, str]:
    used = usage["prompt_tokens"] - usage["prompt_tokens_details"]["cached_tokens"] + usage["completion_tokens"]
    return {
        "x-ratelimit-limit-requests": str(_REQUESTS_PER_DAY),
        "x-ratelimit-remaining-requests": str(max(0, _REQUESTS_PER_DAY - requests)),
        "x-ratelimit-reset-requests": f"{requests * 86.4 // 60:.0f}m{requests * 86.4 % 60:g}s",
        "x-ratelimit-limit-tokens": str(_TOKENS_PER_MINUTE),
        "x-ratelimit-remaining-tokens": str(max(0, _TOKENS_PER_MINUTE - used)),
        "x-ratelimit-reset-tokens": f"{used / _TOKENS_PER_MINUTE * 60_000:.0f}ms",
    }


def model_row(model: str) -> dict[str, Any]:
    small = "prompt-guard" in model or "whisper" in model
    return {
        "id": model,
        "object": "model",
        "created": 1754407957,
        "owned_by": "OpenAI",
        "active": True,
        "context_window": 512 if small else 131_072,
        "public_apps": None,
        "max_completion_tokens": 512 if small else 65_536,
        "output_modalities": ["text"],
    }


def objection_to(body: dict[str, Any]) -> Refusal | None:
    """The 400 that the live service gives to a body it does not take."""
    model, effort = body["model"], body.get("reasoning_effort")
    if "gpt-oss" in model and effort not in (None, "low", "medium", "high"):
        return _bad_request("`reasoning_effort` must be one of `low`, `medium`, or `high`")
    if "reasoning_format" in body and "include_reasoning" in body:
        return _bad_request("cannot specify both `include_reasoning` and `reasoning_format`")
    if any("name" in message for message in body["messages"]):
        return _bad_request("property 'name' is unsupported")
    return None


def _bad_request(text: str) -> Refusal:
    return Refusal(400, {"error": {"message": text, "type": "invalid_request_error"}})


def unknown_url(method: str, path: str) -> dict[str, Any]:
    text = f"Unknown request URL: {method} {path}. Please check the URL for typos."
    return {"error": {"message": text, "type": "invalid_request_error", "code": "unknown_url"}}
