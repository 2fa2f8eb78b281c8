"""The quota ledger's rows: what is left of each model, and what its calls taught. They are the key's, no client's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select

from conversational_rag.db.prepared import Prepared
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


class _Kept:
    """The rows of one of the tables."""

    def __init__(self, table: Table, row: type[BucketRow] | type[LessonRow]) -> None:
        self._names = tuple(each.name for each in fields(row))
        models = select(func.json_each(bindparam("models")).table_valued("value").c.value)
        self.all = select(*(table.c[name] for name in self._names))
        self._forget = Prepared(delete(table).where(table.c.model.in_(models)))
        self._insert = Prepared(insert(table), self._names)

    def replace(self, connection: Connection, rows: Sequence[BucketRow] | Sequence[LessonRow]) -> None:
        self._forget.run(connection, {"models": json.dumps([row.model for row in rows])})
        self._insert.run_all(connection, [{name: getattr(row, name) for name in self._names} for row in rows])


_BUCKETS, _LESSONS = _Kept(quota_buckets, BucketRow), _Kept(quota_lessons, LessonRow)


def admin_load(connection: Connection) -> tuple[list[BucketRow], list[LessonRow]]:
    """Every bucket and every lesson that was kept."""
    buckets, lessons = connection.execute(_BUCKETS.all), connection.execute(_LESSONS.all)
    return [BucketRow(*row) for row in buckets], [LessonRow(*row) for row in lessons]


def admin_replace(connection: Connection, buckets: Sequence[BucketRow], lessons: Sequence[LessonRow]) -> None:
    """Keep these in place of all that these models had; other models' stay."""
    _BUCKETS.replace(connection, buckets)
    _LESSONS.replace(connection, lessons)
