"""Replies: answers kept by Idempotency-Key, so that a question sent twice is answered once."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from conversational_rag.db.tables import replies
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """A key that came with a question; `answer` is JSON, None while there is none."""

    key: str
    request_hash: str
    session_id: str
    new_session: bool
    created_at: float
    answer: str | None = None


_OWN = replies.c.client_id == bindparam("client")
_THIS = and_(_OWN, replies.c.key == bindparam("which"))
_FIND = select(
    *(replies.c[name] for name in ("key", "request_hash", "session_id", "new_session", "created_at", "answer"))
).where(_THIS)
_NEWEST = (
    select(replies.c.key).where(_OWN).order_by(replies.c.created_at.desc(), replies.c.key).limit(bindparam("most"))
)


def find(connection: Connection, tenant: Tenant, key: str) -> ReplyRow | None:
    """What the client has sent with this key."""
    row = connection.execute(_FIND, {"client": tenant.client_id, "which": key}).one_or_none()
    if row is None:
        return None
    return ReplyRow(row.key, row.request_hash, row.session_id, bool(row.new_session), row.created_at, row.answer)


def insert_new(connection: Connection, tenant: Tenant, reply: ReplyRow, most: int) -> None:
    """Note a key; of this client's, the `most` newest stay."""
    values = {name: getattr(reply, name) for name in ReplyRow.__dataclass_fields__}
    connection.execute(
        insert(replies), {**values, "client_id": tenant.client_id, "new_session": int(reply.new_session)}
    )
    statement = delete(replies).where(_OWN, replies.c.answer.is_not(None), replies.c.key.not_in(_NEWEST))
    connection.execute(statement, {"client": tenant.client_id, "most": most})


def set_answer(connection: Connection, tenant: Tenant, key: str, answer: str) -> None:
    """Keep the answer."""
    connection.execute(update(replies).where(_THIS).values(answer=answer), {"client": tenant.client_id, "which": key})


def delete_unanswered(connection: Connection, tenant: Tenant, key: str) -> None:
    """There was no answer: the key is free again."""
    statement = delete(replies).where(_THIS, replies.c.answer.is_(None))
    connection.execute(statement, {"client": tenant.client_id, "which": key})


def count_of_session(connection: Connection, session_id: str) -> int:
    """How many answers of the session are kept."""
    statement = select(func.count()).select_from(replies).where(replies.c.session_id == bindparam("session"))
    total: int = connection.execute(statement, {"session": session_id}).scalar_one()
    return total


def admin_delete_older(connection: Connection, before: float) -> int:
    """Forget the keys that came before that time; how many."""
    old = replies.c.created_at < bindparam("before")
    return connection.execute(delete(replies).where(old), {"before": before}).rowcount
