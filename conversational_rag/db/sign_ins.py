"""Sign-ins: browsers that have shown a key, by the digest of the token that they hold since."""

from sqlalchemy import Connection, Float, LargeBinary, bindparam, delete, insert, select

from conversational_rag.db.access_tables import keys, sign_ins
from conversational_rag.db.keys import COLUMNS, THERE, KeyRow, key_row

_THIS = sign_ins.c.digest == bindparam("token")
_FIND = select(*COLUMNS, sign_ins.c.expires_at.label("until")).select_from(sign_ins.join(keys)).where(_THIS, THERE)
# Nothing, when the key has gone meanwhile with its client.
_BEGIN = insert(sign_ins).from_select(
    ["digest", "key_id", "created_at", "expires_at"],
    select(
        bindparam("token", type_=LargeBinary),
        keys.c.id,
        bindparam("now", type_=Float),
        bindparam("until", type_=Float),
    ).where(keys.c.id == bindparam("key")),
)


def insert_new(connection: Connection, digest: bytes, key_id: str, now: float, expires_at: float) -> None:
    """Keep a sign-in."""
    connection.execute(_BEGIN, {"token": digest, "key": key_id, "now": now, "until": expires_at})


def admin_find(connection: Connection, digest: bytes) -> tuple[KeyRow, float] | None:
    """The key it was made with, in whatever state, and when the sign-in ends."""
    row = connection.execute(_FIND, {"token": digest}).one_or_none()
    return None if row is None else (key_row(row), row.until)


def admin_remove(connection: Connection, digest: bytes) -> None:
    """End a sign-in, whosever it is; it may have ended."""
    connection.execute(delete(sign_ins).where(_THIS), {"token": digest})


def remove_of_key(connection: Connection, key_id: str) -> None:
    """End what was begun with the key."""
    connection.execute(delete(sign_ins).where(sign_ins.c.key_id == bindparam("key")), {"key": key_id})


def admin_delete_expired(connection: Connection, now: float) -> int:
    """Forget those whose time has run out; how many."""
    return connection.execute(delete(sign_ins).where(sign_ins.c.expires_at <= bindparam("now")), {"now": now}).rowcount
