"""Usage: what each client has cost in the last day and the last week."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from conversational_rag.db import usage
from conversational_rag.db.engine import Database
from conversational_rag.db.usage import Steps, UsageRow
from conversational_rag.llm.base import Usage
from conversational_rag.llm.tokens import estimate_tokens
from conversational_rag.rag.chain import Question
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.events import Answered
from conversational_rag.security.tenants import Tenant

DAY_SECONDS = 24 * 3600.0
WEEK_SECONDS = 7 * DAY_SECONDS
_KEPT_SECONDS = 35 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Windows:
    """The last 24 hours and the last 7 days."""

    day: UsageRow
    week: UsageRow


@dataclass(frozen=True, slots=True)
class History:
    """What was used in each of the steps, the oldest first."""

    steps: Steps
    rows: list[UsageRow]


class UsageRecord:
    """Keeps the account, for five weeks."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    async def note(self, tenant: Tenant, row: UsageRow) -> None:
        """Write down what something has cost of which nothing else is stored."""
        await self._database.write(usage.record, tenant, row, self._now())

    async def of(self, tenant: Tenant) -> Windows:
        """What one client has used."""
        now = self._now()
        day = await self._database.read(usage.sum_since, tenant, now - DAY_SECONDS)
        return Windows(day, await self._database.read(usage.sum_since, tenant, now - WEEK_SECONDS))

    async def of_all(self) -> dict[str, Windows]:
        """What each client has used, by its id; those that used nothing are left out."""
        now = self._now()
        day = await self._database.read(usage.admin_sums_since, now - DAY_SECONDS)
        week = await self._database.read(usage.admin_sums_since, now - WEEK_SECONDS)
        return {client_id: Windows(day.get(client_id, UsageRow()), row) for client_id, row in week.items()}

    async def history(self, tenant: Tenant | None, step_seconds: int, count: int) -> History:
        """What one client, or None: all of them, used in the last steps; their bounds are multiples of their length.

        The last one is the one that we are in.
        """
        last = int(self._now() // step_seconds) * step_seconds
        steps = Steps(last - (count - 1) * step_seconds, step_seconds, count)
        if tenant is None:
            return History(steps, await self._database.read(usage.admin_history, steps))
        return History(steps, await self._database.read(usage.history, tenant, steps))

    async def cleanup(self) -> None:
        """Forget what is older than five weeks."""
        await self._database.write(usage.admin_delete_before, self._now() - _KEPT_SECONDS)


def cost(answered: Answered) -> UsageRow:
    """One answer as a row of the account."""
    return UsageRow(answers=1, degraded=int(answered.degraded), **asdict(answered.usage))


def cost_of_calls(spent: Usage) -> UsageRow:
    """A summary, or what was spent on an answer that nobody waited for, as a row of the account: no answer."""
    return UsageRow(**asdict(spent))


def unfinished(question: Question, passages: Sequence[Passage], said: str) -> Usage:
    """What a call has cost that did not come to its end, where a provider says the price: nearly. Else whoever always
    left before the end would use tokens that nobody counts."""
    before = [
        question.recall.summary,
        *(text for turn in question.recall.turns for text in (turn.question, turn.answer)),
    ]
    sent = [question.text, *(passage.text for passage in passages), *before]
    return Usage(sum(map(estimate_tokens, sent)), estimate_tokens(said), llm_calls=1)
