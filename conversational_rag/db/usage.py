"""Usage: what each client has asked of the models, one row a turn or summary."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Float, Integer, Select, bindparam, cast, delete, func, insert, select

from conversational_rag.db.prepared import Prepared
from conversational_rag.db.tables import clients
from conversational_rag.db.usage_tables import usage
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Steps:
    """Equal stretches of time, one after the other: `count` of them, from the Unix second `first` on."""

    first: int
    seconds: int
    count: int

    @property
    def starts(self) -> range:
        """When each one begins."""
        return range(self.first, self.end, self.seconds)

    @property
    def end(self) -> int:
        """When the last one is over."""
        return self.first + self.count * self.seconds


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Answers, how many of them were quotes without a model, and what they cost."""

    answers: int = 0
    degraded: int = 0
    llm_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    @property
    def tokens(self) -> int:
        """What counts: all that was sent and all that was said."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "UsageRow") -> "UsageRow":
        return UsageRow(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


_NAMES = tuple(each.name for each in fields(UsageRow))
# Nothing, when the client has gone meanwhile.
_RECORD = Prepared(
    insert(usage).from_select(
        ["client_id", "timestamp", *_NAMES],
        select(
            clients.c.client_id, bindparam("now", type_=Float), *(bindparam(name, type_=Integer) for name in _NAMES)
        ).where(clients.c.client_id == bindparam("client")),
    )
)
_SUMS = (
    select(usage.c.client_id, *(func.sum(usage.c[name]) for name in _NAMES))
    .join(clients)
    .where(usage.c.timestamp >= bindparam("since"), clients.c.deleting == 0)
    .group_by(usage.c.client_id)
    .order_by(usage.c.client_id)
)
# Which of the steps it was in, counted from 0.
_STEP = cast(usage.c.timestamp - bindparam("first"), Integer) // bindparam("seconds", type_=Integer)
_STEPS = (
    select(_STEP.label("step"), *(func.sum(usage.c[name]) for name in _NAMES))
    .join(clients)
    .where(usage.c.timestamp >= bindparam("first"), usage.c.timestamp < bindparam("end"), clients.c.deleting == 0)
    .group_by("step")
)


def record(connection: Connection, tenant: Tenant, row: UsageRow, now: float) -> None:
    """Add what one turn has cost; nothing when the client has gone meanwhile."""
    values = {name: getattr(row, name) for name in _NAMES}
    _RECORD.run(connection, {**values, "client": tenant.client_id, "now": now})


def sum_since(connection: Connection, tenant: Tenant, since: float) -> UsageRow:
    """What the client has used since then."""
    rows = connection.execute(_SUMS.where(usage.c.client_id == tenant.client_id), {"since": since})
    return next((UsageRow(*row[1:]) for row in rows), UsageRow())


def exhausted_at(connection: Connection, tenant: Tenant, since: float, tokens: int) -> float | None:
    """When the client had used so many tokens, counted back from now; None when it has used fewer since then.

    That far back lies what must fall out of the window before it has fewer again.
    """
    together = func.sum(usage.c.prompt_tokens + usage.c.completion_tokens)
    newest_first = together.over(order_by=(usage.c.timestamp.desc(), usage.c.id.desc())).label("together")
    own = (usage.c.client_id == tenant.client_id, usage.c.timestamp >= since)
    sums = select(usage.c.timestamp, newest_first).where(*own).subquery()
    statement = select(func.max(sums.c.timestamp)).where(sums.c.together >= tokens)
    found: float | None = connection.execute(statement).scalar_one()
    return found


def history(connection: Connection, tenant: Tenant, steps: Steps) -> list[UsageRow]:
    """What the client has used in each of the steps."""
    return _history(connection, _STEPS.where(usage.c.client_id == tenant.client_id), steps)


def admin_history(connection: Connection, steps: Steps) -> list[UsageRow]:
    """What all clients together have used in each of the steps."""
    return _history(connection, _STEPS, steps)


def admin_sums_since(connection: Connection, since: float) -> dict[str, UsageRow]:
    """What each client has used since then, by its id; those that used nothing are left out."""
    return {row[0]: UsageRow(*row[1:]) for row in connection.execute(_SUMS, {"since": since})}


def admin_delete_before(connection: Connection, before: float) -> None:
    """Forget what is older."""
    connection.execute(delete(usage).where(usage.c.timestamp < before))


def _history(connection: Connection, statement: Select[*tuple[Any, ...]], steps: Steps) -> list[UsageRow]:
    values = {"first": steps.first, "seconds": steps.seconds, "end": steps.end}
    known = {row[0]: UsageRow(*row[1:]) for row in connection.execute(statement, values)}
    return [known.get(step, UsageRow()) for step in range(steps.count)]


def total(rows: Iterable[UsageRow]) -> UsageRow:
    """All of them together."""
    return sum(rows, UsageRow())
