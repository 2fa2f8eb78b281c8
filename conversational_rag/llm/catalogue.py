"""What is known of the provider's models before asking it: their parameters, successors of retired ones, which chat."""

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from conversational_rag.errors import BadGeneration


@dataclass(frozen=True, slots=True)
class Family:
    """Models whose id begins so: the parameters each call needs, and the most output that may be asked for."""

    prefix: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    max_output_tokens: int | None = None


# gpt-oss cannot stop thinking, only think less; its thoughts need not be sent. qwen thinks unless told not to, and
# free keys carry a hidden limit of 1,000 output tokens a minute.
_FAMILIES = (
    Family("openai/gpt-oss-", {"reasoning_effort": "low", "include_reasoning": False}),
    Family("qwen/", {"reasoning_effort": "none"}, max_output_tokens=900),
)
_PLAIN = Family("")

# Shut down by the provider, each with the model it names instead (followed to one that lives).
SUCCESSORS: Mapping[str, str] = MappingProxyType(
    {
        "llama-3.3-70b-versatile": "openai/gpt-oss-120b",
        "llama-3.1-8b-instant": "openai/gpt-oss-20b",
        "llama-3.1-70b-versatile": "openai/gpt-oss-120b",
        "llama3-70b-8192": "openai/gpt-oss-120b",
        "llama3-8b-8192": "openai/gpt-oss-20b",
        "gemma2-9b-it": "openai/gpt-oss-20b",
        "meta-llama/llama-4-scout-17b-16e-instruct": "openai/gpt-oss-120b",
        "meta-llama/llama-4-maverick-17b-128e-instruct": "openai/gpt-oss-120b",
        "moonshotai/kimi-k2-instruct-0905": "openai/gpt-oss-120b",
        "qwen/qwen3-32b": "openai/gpt-oss-120b",
        "qwen/qwen3.6-27b": "qwen/qwen3.8-27b",
        "groq/compound": "openai/gpt-oss-120b",
        "groq/compound-mini": "openai/gpt-oss-20b",
    }
)

_NOT_CHAT = re.compile(r"whisper|orpheus|playai|tts|guard", re.IGNORECASE)
_SMALLEST_CONTEXT_TOKENS = 8192
_BILLIONS = re.compile(r"(\d+(?:\.\d+)?)b\b", re.IGNORECASE)


def with_family_parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request's body with what its model's family needs, and without nulls (some of which the provider refuses).

    What is set already stays, but for a cap on `max_tokens`.
    """
    family = _family_of(body["model"])
    given = {name: value for name, value in body.items() if value is not None}
    complete = {**family.parameters, **given}
    if family.max_output_tokens is not None:
        complete["max_tokens"] = min(complete["max_tokens"], family.max_output_tokens)
    return complete


def most_output_tokens(model: str) -> float:
    """The most output that may be asked of a model; infinite where nothing is known."""
    known = _family_of(model).max_output_tokens
    return math.inf if known is None else known


def chat_models_in(listing: bytes) -> tuple[str, ...]:
    """The ids in the provider's list of models that can hold a conversation; BadGeneration when it is no such list."""
    try:
        return tuple(row["id"] for row in json.loads(listing)["data"] if can_chat(row))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadGeneration("The provider's list of models cannot be read; check GROQ_API_BASE.") from error


def can_chat(row: Mapping[str, Any]) -> bool:
    """Whether a row of the provider's model list is a model for conversation."""
    context = row.get("context_window") or row.get("context_length") or _SMALLEST_CONTEXT_TOKENS
    return (
        row.get("active", True) is not False
        and "text" in (row.get("output_modalities") or ["text"])
        and context >= _SMALLEST_CONTEXT_TOKENS
        and not _NOT_CHAT.search(str(row.get("id", "")))
    )


def order_models(
    models: Sequence[str], listed: Collection[str] | None = None, *, smaller_first: bool = False
) -> tuple[str, ...]:
    """The order in which models are worth trying, each once.

    A retired one gives its place to its successor and goes last; `listed`, when the provider has been asked, overrules
    what is known here and puts what it does not list behind what it lists. `smaller_first` goes by the number of
    parameters in the names.
    """
    retired = [model for model in models if is_retired(model, listed)]
    wanted = [SUCCESSORS[model] if model in retired else model for model in models]
    if smaller_first:
        wanted.sort(key=_billions)
    if listed is not None:
        wanted.sort(key=lambda model: model not in listed)
    return tuple(dict.fromkeys([*wanted, *retired]))


def is_retired(model: str, listed: Collection[str] | None = None) -> bool:
    """Whether a model is known to be shut down and the provider has not said otherwise."""
    return model in SUCCESSORS and model not in (listed or ())


def _family_of(model: str) -> Family:
    return next((family for family in _FAMILIES if model.startswith(family.prefix)), _PLAIN)


def _billions(model: str) -> float:
    size = _BILLIONS.search(model)
    return float(size[1]) if size else float("inf")
