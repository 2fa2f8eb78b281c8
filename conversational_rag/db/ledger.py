"""The quota ledger's rows: what is left in each bucket of each model. They are the key's, not a client's."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from conversational_rag.db.tables import quota_buckets


@dataclass(frozen=True, slots=True)
class BucketRow:
    """A bucket of a model as it was at `updated_at` (Unix seconds)."""

    model: str
    name: str
    limit: float
    level: float
    updated_at: float


def admin_load(connection: Connection) -> list[BucketRow]:
    """Every bucket that was kept."""
    columns = quota_buckets.c
    rows = connection.execute(select(columns.model, columns.name, columns.limit, columns.level, columns.updated_at))
    return [BucketRow(*row) for row in rows]


def admin_replace(connection: Connection, rows: Sequence[BucketRow]) -> None:
    """Keep these buckets in place of all that these models had; other models' stay."""
    models = {row.model for row in rows}
    connection.execute(delete(quota_buckets).where(quota_buckets.c.model.in_(models)))
    if rows:
        connection.execute(insert(quota_buckets), [asdict(row) for row in rows])
