"""The quota ledger's rows: what is left of each model, and what its calls taught. They are the key's, no client's."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, Table, delete, insert, select

from conversational_rag.db.usage_tables import quota_buckets, quota_lessons


@dataclass(frozen=True, slots=True)
class BucketRow:
    """A bucket of a model as it was at `updated_at` (Unix seconds)."""

    model: str
    name: str
    limit: float
    level: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class LessonRow:
    """What calls to a model have taught; `token_ratio` is None before the first that told its tokens."""

    model: str
    token_ratio: float | None
    output_tokens: float
    returned_share: float


def admin_load(connection: Connection) -> tuple[list[BucketRow], list[LessonRow]]:
    """Every bucket and every lesson that was kept."""
    buckets = connection.execute(select(*(quota_buckets.c[each.name] for each in fields(BucketRow))))
    lessons = connection.execute(select(*(quota_lessons.c[each.name] for each in fields(LessonRow))))
    return [BucketRow(*row) for row in buckets], [LessonRow(*row) for row in lessons]


def admin_replace(connection: Connection, buckets: Sequence[BucketRow], lessons: Sequence[LessonRow]) -> None:
    """Keep these in place of all that these models had; other models' stay."""
    _replace(connection, quota_buckets, buckets)
    _replace(connection, quota_lessons, lessons)


def _replace(connection: Connection, table: Table, rows: Sequence[BucketRow] | Sequence[LessonRow]) -> None:
    if rows:
        connection.execute(delete(table).where(table.c.model.in_({row.model for row in rows})))
        connection.execute(insert(table), [asdict(row) for row in rows])
