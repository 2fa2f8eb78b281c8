"""Pages: the text of a document as it was read, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from conversational_rag.db.tables import documents, pages
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class PageRow:
    """The text of one page; `number` and `place` are None where the format has none."""

    number: int | None
    place: str | None
    text: str


_OF_DOCUMENT = (documents.c.client_id == bindparam("client"), documents.c.id == bindparam("document"))
_LIST = (
    select(pages.c.number, pages.c.place, pages.c.text)
    .select_from(pages.join(documents))
    .where(*_OF_DOCUMENT)
    .order_by(pages.c.ordinal)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_COUNT = select(func.count()).select_from(pages.join(documents)).where(*_OF_DOCUMENT)


def insert_all(connection: Connection, document_id: str, first: int, new: Sequence[PageRow]) -> None:
    """Store pages of one document, the first one being the `first` of it, counted from 0."""
    rows = [
        {"document_id": document_id, "ordinal": ordinal, "number": page.number, "place": page.place, "text": page.text}
        for ordinal, page in enumerate(new, start=first)
    ]
    if rows:
        connection.execute(insert(pages), rows)


def delete_of(connection: Connection, document_id: str) -> None:
    """Delete the pages of a document that is read anew."""
    connection.execute(delete(pages).where(pages.c.document_id == bindparam("document")), {"document": document_id})


def list_of(connection: Connection, tenant: Tenant, document_id: str, limit: int, offset: int) -> list[PageRow]:
    """Pages of the client's document, in reading order."""
    values = {"client": tenant.client_id, "document": document_id, "limit": limit, "offset": offset}
    return [PageRow(*row) for row in connection.execute(_LIST, values)]


def count(connection: Connection, tenant: Tenant, document_id: str) -> int:
    """How many pages the client's document has."""
    total: int = connection.execute(_COUNT, {"client": tenant.client_id, "document": document_id}).scalar_one()
    return total
