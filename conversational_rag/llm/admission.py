"""Who may ask which model, now or when: choice among the models, waiting for their buckets, fair turns."""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from conversational_rag.errors import ModelError, PromptTooLarge, RateLimited
from conversational_rag.llm.asking import Asking, Grant, Size
from conversational_rag.llm.availability import Availability, soonest
from conversational_rag.llm.fairness import FairShares
from conversational_rag.llm.limits import Ledger

_USUAL_TOKENS = 1500.0
_SHORTEST_PAUSE_SECONDS = 0.001


class Admission:
    """The queue before the models. `clock` tells seconds that only grow; `sleep` passes them."""

    def __init__(
        self,
        ledger: Ledger,
        availability: Availability,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._ledger, self._availability, self._clock, self._sleep = ledger, availability, clock, sleep
        self._shares = FairShares(clock)
        self._waiting: list[Asking] = []
        self._callers: Counter[str] = Counter()
        self._timer: asyncio.Task[None] | None = None
        self._look_is_due = False

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    async def admit(self, asking: Asking) -> Grant:
        """Wait for leave to ask a model, until the asking's deadline at most.

        Raises the ModelError that time cures first, at once when no wait within the deadline can help.
        """
        asking.granted = asyncio.get_running_loop().create_future()
        self._waiting.append(asking)
        if len(self._waiting) == 1:
            self._look()
        else:
            self.look()
        try:
            return await asking.granted
        except asyncio.CancelledError:
            if asking in self._waiting:
                self._waiting.remove(asking)
            _take_back(asking.granted)
            self.look()
            raise

    def look(self) -> None:
        """Somebody may be served now: to be called when a bucket changed. Many calls at once cost one look."""
        if self._waiting and not self._look_is_due:
            self._look_is_due = True
            asyncio.get_running_loop().call_soon(self._look)

    async def close(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)

    def _look(self) -> None:
        """Serve whoever can be served now, refuse whoever cannot be in time, and set the time of the next look."""
        self._look_is_due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pause = self._serve() if self._waiting else math.inf
        if self._waiting:
            self._timer = asyncio.get_running_loop().create_task(self._look_after(pause))

    async def _look_after(self, seconds: float) -> None:
        await self._sleep(max(seconds, _SHORTEST_PAUSE_SECONDS))
        self._timer = None
        self._look()

    def _serve(self) -> float:
        """One walk along the line; seconds until the next one can change anything."""
        # Who waits is served from a model before anybody behind takes of it.
        promised: dict[str, float] = {}
        claimed: set[str] = set()
        pause = math.inf
        self._callers = Counter(asking.caller for asking in self._waiting)
        for asking in list(self._shares.line(self._waiting, _USUAL_TOKENS)):
            models = self._open(asking)
            free = [model for model in models if model not in claimed]
            if self._offer(asking, free):
                continue
            left = asking.deadline - self._clock()
            model, wait = self._hope(asking, models, promised)
            if left <= 0 or wait > left:
                self._finish(asking, self._refusal(asking, promised))
                continue
            promised[model] = promised.get(model, 0.0) + self._likely_tokens(asking, model)
            soonest_model, seconds = self._soonest(asking, free)
            claimed.add(soonest_model)
            pause = min(pause, seconds, left)
        return pause

    def _offer(self, asking: Asking, models: Sequence[str]) -> bool:
        """Give it the first model that can take it now, one that leaves its answer all its length if possible."""
        sizes: dict[str, Size | None] = {}
        for whole in (True, False):
            for model in models:
                if model not in sizes:
                    sizes[model] = self._size(asking, model)
                size = sizes[model]
                if size is not None and self._grant(asking, model, size, whole=whole):
                    return True
        return False

    def _grant(self, asking: Asking, model: str, size: Size, *, whole: bool) -> bool:
        account = self._ledger.of(model)
        room = math.inf if whole else min(account.room() - size.prompt_tokens, account.level("OTPM"))
        demand = size.demand(room)
        if self._parked_seconds(model) > 0 or account.wait_seconds(demand) > 0:
            return False
        reservation = account.reserve(demand, size.prompt.tokens)
        self._shares.add(asking.caller, demand.tokens)
        self._finish(asking, Grant(model, account, size.prompt, reservation))
        return True

    def _size(self, asking: Asking, model: str) -> Size | None:
        """The form in which it would go to this model: all of it, unless it could not go in time like that."""
        account, left = self._ledger.of(model), max(0.0, asking.deadline - self._clock())
        ceiling = min(account.room(left), max(self._share(asking, left), asking.least(model, account).tokens + 1))
        return asking.size(model, account, ceiling)

    def _share(self, asking: Asking, seconds: float) -> float:
        """The tokens that are its part of all that flows until its deadline, when others wait too."""
        if len(self._waiting) <= 1:
            return math.inf
        flow = sum(self._ledger.of(model).flow(seconds) for model in self._open(asking))
        return flow / len(self._callers) / self._callers[asking.caller]

    def _soonest(self, asking: Asking, models: Sequence[str]) -> tuple[str, float]:
        """The model that can take it first, and in how many seconds, should nobody else come before it."""
        waits = {}
        for model in models:
            if (size := self._size(asking, model)) is not None:
                wait = self._ledger.of(model).wait_seconds(size.demand(size.least_output))
                waits[model] = max(wait, self._parked_seconds(model))
        model = min(waits, key=lambda name: waits[name], default="")
        return model, waits.get(model, math.inf)

    def _hope(self, asking: Asking, models: Sequence[str], promised: Mapping[str, float]) -> tuple[str, float]:
        """The model that might take it first in its smallest form behind those before it, and in how many seconds."""
        waits = {model: self._hopeful_wait(asking, model, promised) for model in models}
        model = min(waits, key=lambda name: waits[name], default="")
        return model, waits.get(model, math.inf)

    def _hopeful_wait(self, asking: Asking, model: str, promised: Mapping[str, float]) -> float:
        account = self._ledger.of(model)
        wait = account.hopeful_wait_seconds(asking.least(model, account), promised.get(model, 0.0))
        return max(wait, self._parked_seconds(model))

    def _likely_tokens(self, asking: Asking, model: str) -> float:
        account = self._ledger.of(model)
        return account.likely_tokens(asking.least(model, account))

    def _open(self, asking: Asking) -> list[str]:
        """The models that may take it, now or after a wait, in order."""
        models = (model for model in asking.order() if model not in asking.refusals)
        return [model for model in models if self._parked_seconds(model) < math.inf]

    def _parked_seconds(self, model: str) -> float:
        """How long the model is not to be asked; infinite when it is not for its quota: nobody waits for that."""
        refusal = self._availability.refusal(model)
        if refusal is None:
            return 0.0
        return (refusal.retry_after or 0.0) if isinstance(refusal, RateLimited) else math.inf

    def _refusal(self, asking: Asking, promised: Mapping[str, float]) -> ModelError:
        """What to tell who cannot be served in time: of all models' reasons the one that time cures first."""
        reasons: list[ModelError] = []
        for model in asking.order():
            reason = self._availability.refusal(model) or asking.refusals.get(model)
            reasons.append(reason or self._shortage(asking, model, promised))
        return soonest(reasons)

    def _shortage(self, asking: Asking, model: str, promised: Mapping[str, float]) -> ModelError:
        account = self._ledger.of(model)
        wait, least = self._hopeful_wait(asking, model, promised), asking.least(model, account)
        if wait == math.inf:
            return PromptTooLarge(requested=least.tokens)
        # Where the provider has told this question a time, that is passed on, though a smaller one might come sooner.
        told = asking.told_until.get(model, 0.0) - self._clock()
        return RateLimited(scope=account.tight_bucket(least), retry_after=max(wait, told))

    def _finish(self, asking: Asking, result: Grant | ModelError) -> None:
        self._waiting.remove(asking)
        granted = asking.granted
        assert granted is not None
        if granted.done():  # its caller has left
            if isinstance(result, Grant):
                result.account.cancel(result.reservation)
        elif isinstance(result, Grant):
            granted.set_result(result)
        else:
            granted.set_exception(result)


def _take_back(granted: "asyncio.Future[Grant]") -> None:
    """The caller left in the very moment in which it was served."""
    if granted.done() and not granted.cancelled() and granted.exception() is None:
        grant = granted.result()
        grant.account.cancel(grant.reservation)
