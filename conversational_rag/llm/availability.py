"""Which model may be asked now, which not before when, and why."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conversational_rag.errors import (
    KeyRefused,
    ModelError,
    ModelGone,
    ModelUnreachable,
    OverCapacity,
    RateLimited,
)

_GONE_SECONDS = 6 * 3600.0
_KEY_SECONDS = 60.0
_QUOTA_SECONDS = 10.0
_OUTAGE_SECONDS = 10.0

_CURED_BY_TIME = (RateLimited, OverCapacity, ModelUnreachable)


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model as it stands: `available_in_seconds` is 0 when it is available; `reason` is an error code or ''."""

    model: str
    available: bool
    available_in_seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Parked:
    until: float
    error: ModelError


class Availability:
    """Remembers refusals, so that a model that cannot answer is not asked again with every question.

    `clock` tells seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._parked: dict[str, _Parked] = {}

    def note(self, model: str, error: ModelError) -> None:
        """Park the model for as long as this error lasts; an error that another prompt would not get parks nothing."""
        seconds = _seconds(error)
        if seconds > 0:
            # A copy: the error itself holds on to the frames it came through, and with them to the prompt.
            self._parked[model] = _Parked(self._clock() + seconds, with_retry_after(error, seconds))

    def clear(self, model: str) -> None:
        """The model has answered."""
        self._parked.pop(model, None)

    def refusal(self, model: str) -> ModelError | None:
        """Why the model is not to be asked now, with the seconds left in `retry_after`; None when it is."""
        parked = self._parked.get(model)
        if parked is None:
            return None
        left = parked.until - self._clock()
        if left <= 0:
            self.clear(model)
            return None
        return with_retry_after(parked.error, left)

    def state(self, model: str) -> ModelState:
        """The model as it stands now."""
        refusal = self.refusal(model)
        if refusal is None:
            return ModelState(model, available=True, available_in_seconds=0.0, reason="")
        return ModelState(model, False, refusal.retry_after or 0.0, refusal.code)


def soonest(refusals: Sequence[ModelError]) -> ModelError:
    """The refusal to tell the caller: the one that time cures first; without any such the first, and no wait."""
    curable = [refusal for refusal in refusals if isinstance(refusal, _CURED_BY_TIME)]
    if not curable:
        return with_retry_after(refusals[0], None)
    return min(curable, key=lambda refusal: refusal.retry_after or 0.0)


def with_retry_after(error: ModelError, seconds: float | None) -> ModelError:
    """The same error, as a new object, with another wait."""
    again = copy.copy(error)
    again.retry_after = seconds
    return again


def _seconds(error: ModelError) -> float:
    match error:
        case ModelGone():
            return _GONE_SECONDS
        case KeyRefused():
            return _KEY_SECONDS
        case RateLimited():
            return error.retry_after if error.retry_after is not None else _QUOTA_SECONDS
        case OverCapacity():
            return max(_OUTAGE_SECONDS, error.retry_after or 0.0)
        case ModelUnreachable():
            return _OUTAGE_SECONDS
        case _:
            return 0.0
