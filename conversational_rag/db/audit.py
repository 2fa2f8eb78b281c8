"""The audit: who did what, and what was refused to whom. Rows are added, deleted when they are old, never changed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, select

from conversational_rag.db.access_tables import audit

DONE, REFUSED, FAILED = "done", "refused", "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened. `actor` is a key's id, `open`, `nobody` or `cli`; `object` the id of what it was done to;
    `address` where it came from; `status` that of HTTP."""

    actor: str
    action: str
    outcome: str = DONE
    scope: str | None = None
    client_id: str | None = None
    object: str | None = None
    address: str | None = None
    status: int | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it stands in the audit. Ids grow with time."""

    id: int
    timestamp: float
    entry: Entry


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries: those that have these values, and from `since` on, before `until` (Unix seconds)."""

    client_id: str | None = None
    actor: str | None = None
    action: str | None = None
    since: float | None = None
    until: float | None = None


_NAMES = tuple(each.name for each in fields(Entry))


def admin_add(connection: Connection, entries: Sequence[Entry], now: float) -> None:
    """Write them down, in this order."""
    connection.execute(insert(audit), [{"timestamp": now, **asdict(entry)} for entry in entries])


def admin_newest(connection: Connection, filters: Filters, before: int | None, limit: int) -> list[Recorded]:
    """Entries, the newest first; those with a smaller id than `before`."""
    statement = _selected(filters).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(audit.c.id < before)
    return [_recorded(row) for row in connection.execute(statement).mappings()]


def admin_oldest(connection: Connection, filters: Filters, after: int, limit: int) -> list[Recorded]:
    """Entries, the oldest first; those with a greater id than `after`."""
    statement = _selected(filters).where(audit.c.id > after).order_by(audit.c.id).limit(limit)
    return [_recorded(row) for row in connection.execute(statement).mappings()]


def admin_delete_before(connection: Connection, before: float, limit: int) -> int:
    """Delete up to `limit` of the oldest entries, all of them older than that; how many went."""
    old = select(audit.c.id).where(audit.c.timestamp < before).order_by(audit.c.id).limit(limit)
    return connection.execute(delete(audit).where(audit.c.id.in_(old))).rowcount


def _selected(filters: Filters) -> Select[Any]:
    statement: Select[Any] = select(audit)
    for name in ("client_id", "actor", "action"):
        if (wanted := getattr(filters, name)) is not None:
            statement = statement.where(audit.c[name] == wanted)
    if filters.since is not None:
        statement = statement.where(audit.c.timestamp >= filters.since)
    if filters.until is not None:
        statement = statement.where(audit.c.timestamp < filters.until)
    return statement


def _recorded(row: RowMapping) -> Recorded:
    return Recorded(row["id"], row["timestamp"], Entry(**{name: row[name] for name in _NAMES}))
