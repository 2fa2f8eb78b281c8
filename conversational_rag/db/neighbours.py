"""Neighbours: which chunks stand beside a chunk on the same page."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, or_, select

from conversational_rag.db.tables import chunks
from conversational_rag.security.tenants import Tenant

_beside = chunks.alias()
_FIND = (
    select(chunks.c.id, _beside.c.id.label("neighbour"))
    .select_from(
        chunks.join(
            _beside,
            (_beside.c.document_id == chunks.c.document_id)
            & or_(_beside.c.ordinal == chunks.c.ordinal - 1, _beside.c.ordinal == chunks.c.ordinal + 1)
            # Two chunks without a page are neighbours as well.
            & _beside.c.page.is_not_distinct_from(chunks.c.page),
        )
    )
    .where(chunks.c.client_id == bindparam("client"), chunks.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(chunks.c.id, _beside.c.id)
)


def find(connection: Connection, tenant: Tenant, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The ids of the chunks before and after each of the client's chunks; a chunk alone on its page is left out."""
    found: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
    for row in connection.execute(_FIND, {"client": tenant.client_id, "ids": list(ids)}):
        found[row.id] += (row.neighbour,)
    return dict(found)
