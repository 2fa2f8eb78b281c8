"""Usage: what each client has asked of the models, one row a turn or summary."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from sqlalchemy import Connection, Float, Integer, bindparam, delete, func, insert, select

from conversational_rag.db.tables import clients, usage
from conversational_rag.security.tenants import Tenant


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
_RECORD = insert(usage).from_select(
    ["client_id", "timestamp", *_NAMES],
    select(
        clients.c.client_id, bindparam("now", type_=Float), *(bindparam(name, type_=Integer) for name in _NAMES)
    ).where(clients.c.client_id == bindparam("client")),
)
_SUMS = (
    select(usage.c.client_id, *(func.sum(usage.c[name]) for name in _NAMES))
    .join(clients)
    .where(usage.c.timestamp >= bindparam("since"), clients.c.deleting == 0)
    .group_by(usage.c.client_id)
    .order_by(usage.c.client_id)
)


def record(connection: Connection, tenant: Tenant, row: UsageRow, now: float) -> None:
    """Add what one turn has cost; nothing when the client has gone meanwhile."""
    values = {name: getattr(row, name) for name in _NAMES}
    connection.execute(_RECORD, {**values, "client": tenant.client_id, "now": now})


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


def admin_sums_since(connection: Connection, since: float) -> dict[str, UsageRow]:
    """What each client has used since then, by its id; those that used nothing are left out."""
    return {row[0]: UsageRow(*row[1:]) for row in connection.execute(_SUMS, {"since": since})}


def admin_delete_before(connection: Connection, before: float) -> None:
    """Forget what is older."""
    connection.execute(delete(usage).where(usage.c.timestamp < before))


def total(rows: Iterable[UsageRow]) -> UsageRow:
    """All of them together."""
    return sum(rows, UsageRow())
