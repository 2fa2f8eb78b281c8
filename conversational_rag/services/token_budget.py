"""The token budget: what a client may use in 24 hours. Whoever has used it up is answered from the passages alone."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from conversational_rag.db import usage
from conversational_rag.db.engine import Database
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.usage import DAY_SECONDS

# A sum in SQL for each question would cost more than what is asked meanwhile can overdraw.
_FRESH_SECONDS = 5.0
_CLIENTS_REMEMBERED = 1000


class TokenBudget:
    """Prompt and answer tokens of the last 24 hours, client by client, against one limit; 0: there is none."""

    def __init__(self, database: Database, tokens_per_day: int, now: Callable[[], float]) -> None:
        self._database, self.tokens_per_day, self._now = database, tokens_per_day, now
        self._known: OrderedDict[Tenant, _State] = OrderedDict()

    async def wait_seconds(self, tenant: Tenant) -> float | None:
        """None while something is left; else how long until enough of it is a day old."""
        if not self.tokens_per_day:
            return None
        state = self._known.get(tenant)
        if state is None or not 0 <= self._now() - state.looked_at < _FRESH_SECONDS:
            state = await self._look(tenant)
        return None if state.open_at is None else max(0.0, state.open_at - self._now())

    async def _look(self, tenant: Tenant) -> "_State":
        now = self._now()
        last = await self._database.read(usage.exhausted_at, tenant, now - DAY_SECONDS, self.tokens_per_day)
        state = _State(now, None if last is None else last + DAY_SECONDS)
        self._known[tenant] = state
        self._known.move_to_end(tenant)
        if len(self._known) > _CLIENTS_REMEMBERED:
            self._known.popitem(last=False)
        return state


@dataclass(frozen=True, slots=True)
class _State:
    """What was found when it was looked at: from when on the client may ask again, None if it may."""

    looked_at: float
    open_at: float | None
