"""Models: how each of them stands, and what is left of its quota. Nothing here tells anything of the key."""

import math
from dataclasses import dataclass
from typing import Literal

from conversational_rag.errors import ModelUnreachable, OverCapacity, RateLimited
from conversational_rag.llm.availability import ModelState
from conversational_rag.llm.buckets import ITPM, OTPM, RPD, RPM, TPD, TPM
from conversational_rag.llm.limits import BucketFill
from conversational_rag.llm.router import ModelRouter

Role = Literal["main", "fallback"]
State = Literal["available", "waiting", "unavailable", "no_key"]

_CURED_BY_TIME = frozenset({RateLimited.code, OverCapacity.code, ModelUnreachable.code})
_BUCKETS = {
    RPM: "requests_per_minute",
    RPD: "requests_per_day",
    TPM: "tokens_per_minute",
    TPD: "tokens_per_day",
    ITPM: "input_tokens_per_minute",
    OTPM: "output_tokens_per_minute",
}


@dataclass(frozen=True, slots=True)
class Quota:
    """One bucket of a model: of its `limit` so much is `left`, and it is full in so many seconds; None: it is."""

    name: str
    limit: float
    left: float
    full_in: float | None


@dataclass(frozen=True, slots=True)
class Model:
    """One model; `retry_after` in seconds, None when there is no use in waiting, or no need."""

    model: str
    role: Role
    state: State
    retry_after: float | None
    buckets: tuple[Quota, ...]


def overview(models: ModelRouter) -> list[Model]:
    """Every model in the order in which they are asked."""
    return [_model(models, state) for state in models.states().values()]


def _model(models: ModelRouter, state: ModelState) -> Model:
    role: Role = "main" if state.model == models.main else "fallback"
    if not models.has_key:
        # Whose quota it would be is not known.
        return Model(state.model, role, "no_key", None, ())
    wait = state.available_in_seconds
    retry_after = wait if 0 < wait < math.inf else None
    buckets = tuple(_quota(fill) for fill in models.fills(state.model))
    return Model(state.model, role, _state(state), retry_after, buckets)


def _state(state: ModelState) -> State:
    if state.available:
        return "available"
    waits = state.reason in _CURED_BY_TIME and state.available_in_seconds < math.inf
    return "waiting" if waits else "unavailable"


def _quota(fill: BucketFill) -> Quota:
    full_in = fill.full_in_seconds
    return Quota(_BUCKETS.get(fill.name, fill.name), fill.limit, max(0.0, fill.level), full_in if full_in > 0 else None)
