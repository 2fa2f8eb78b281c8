"""One question on its way to a model: how large it may be, and which models have refused it."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from conversational_rag.errors import ModelError, PromptTooLarge
from conversational_rag.llm.account import Account, Reservation
from conversational_rag.llm.base import FittedPrompt, Prompt
from conversational_rag.llm.buckets import ITPM, OTPM, Demand
from conversational_rag.llm.catalogue import most_output_tokens

# Enough for the usual answer and the thoughts before it; and the least that is worth a call.
_LEAN_OUTPUT_TOKENS, _LEAST_OUTPUT_TOKENS = 400, 200
# What a refused request is shrunk to, as a share of what the provider said it would take.
_SHRUNK_SHARE = 0.9
_MOST_RATE_LIMITS = 3


@dataclass(frozen=True, slots=True)
class Size:
    """A form of the prompt for one model: its tokens, and the least and the most that may be asked to be answered."""

    prompt: FittedPrompt
    prompt_tokens: int
    least_output: int
    most_output: int

    def demand(self, output_tokens: float) -> Demand:
        """With so much output, or what there is of it."""
        return Demand(self.prompt_tokens, int(min(max(output_tokens, self.least_output), self.most_output)))


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to ask a model now; its tokens are reserved."""

    model: str
    account: Account
    prompt: FittedPrompt
    reservation: Reservation

    @property
    def demand(self) -> Demand:
        """What is reserved."""
        return self.reservation.demand


@dataclass(slots=True, eq=False)
class Asking:
    """A question that wants a model. `order` tells the models in order, `deadline` until when it waits for one;
    `told_until`, by the same clock, when those that refused it said to come again."""

    prompt: Prompt
    caller: str
    max_output_tokens: int
    order: Callable[[], Sequence[str]]
    deadline: float
    refusals: dict[str, ModelError] = field(default_factory=dict)
    told_until: dict[str, float] = field(default_factory=dict)
    granted: "asyncio.Future[Grant] | None" = None
    _ceilings: dict[str, float] = field(default_factory=dict)
    _most_outputs: dict[str, float] = field(default_factory=dict)
    _rate_limits: dict[str, int] = field(default_factory=dict)

    def size(self, model: str, account: Account, ceiling: float) -> Size | None:
        """The largest form that costs this model at most `ceiling` tokens; None when there is none so small."""
        most = self._most_output(model, account)
        ceiling = min(ceiling, self._ceilings.get(model, math.inf))
        for output in (min(_LEAN_OUTPUT_TOKENS, most), min(_LEAST_OUTPUT_TOKENS, most)):
            # One token less, because the correction rounds up.
            room = min(ceiling - output, account.level(ITPM, math.inf)) - 1
            prompt = self.prompt.fit(room / account.ratio) if output > 0 else None
            if prompt is not None:
                tokens = account.prompt_tokens(prompt.tokens)
                return Size(prompt, tokens, output, int(max(output, min(most, ceiling - tokens))))
        return None

    def least(self, model: str, account: Account) -> Demand:
        """The least that it can cost."""
        output = max(1, min(_LEAST_OUTPUT_TOKENS, self._most_output(model, account)))
        return Demand(account.prompt_tokens(self.prompt.least_tokens), output)

    def exclude(self, model: str, error: ModelError) -> None:
        """This model is not asked again."""
        self.refusals[model] = error

    def may_wait_for(self, model: str, until: float) -> bool:
        """Whether the model, which told to come again at `until`, may be tried with less or later; not for ever."""
        self._rate_limits[model] = self._rate_limits.get(model, 0) + 1
        self.told_until[model] = until
        return self._rate_limits[model] < _MOST_RATE_LIMITS

    def shrink(self, model: str, demand: Demand, error: PromptTooLarge) -> bool:
        """Ask for less, after a refusal that waiting does not cure; False when that has been done before."""
        if model in self._ceilings:
            return False
        excess = (error.requested or 0) / (error.limit or math.inf)
        share = _SHRUNK_SHARE / max(1.0, excess)
        if error.scope == OTPM:
            self._ceilings[model] = math.inf
            # Not too much for the bucket, so too much for what is left in it.
            self._most_outputs[model] = demand.output_tokens * share if excess > 1 else _LEAST_OUTPUT_TOKENS
        else:
            self._ceilings[model] = demand.tokens * share
        return True

    def _most_output(self, model: str, account: Account) -> int:
        limit = account.level(OTPM, math.inf) * _SHRUNK_SHARE
        known = min(most_output_tokens(model), limit, self._most_outputs.get(model, math.inf))
        return int(min(self.max_output_tokens, known))
