"""Space: what the database file holds free for new rows; `Database.shrink` and `compact` give it back to the disk."""

from sqlalchemy import Connection


def free_bytes(connection: Connection) -> int:
    """The bytes of the file that hold nothing, as this transaction sees it."""
    pages: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    page_bytes: int = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return pages * page_bytes
