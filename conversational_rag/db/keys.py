"""Keys: whose they are, what for, and how long. The digest leaves this file only to be compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, bindparam, exists, insert, literal, or_, select, update

from conversational_rag.db.access_tables import keys
from conversational_rag.db.tables import clients
from conversational_rag.security.principals import Scope
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key; times in Unix seconds. `tenant` is None for a key of the whole service.

    `line` is the id of the key that this one, or the one before it, was made to replace; its own when it replaces none.
    `origins` are those of the web pages that it stands in, for everybody to read.
    """

    id: str
    tenant: Tenant | None
    scope: Scope
    name: str
    line: str
    created_at: float
    expires_at: float | None = None
    last_used_at: float | None = None
    revoked_at: float | None = None
    origins: tuple[str, ...] = ()

    def is_live(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.status(now) == "live"

    def status(self, now: float) -> Literal["live", "expired", "revoked"]:
        """How it stands."""
        if self.revoked_at is not None:
            return "revoked"
        return "live" if self.expires_at is None or self.expires_at > now else "expired"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was found under an id: what its secret must give, None when there is no such key, and the key itself."""

    digest: bytes | None
    _row: Row[*tuple[Any, ...]] = field(repr=False)

    def key(self) -> KeyRow:
        """The key, where there is one."""
        return key_row(self._row)


COLUMNS = (
    keys.c.id,
    keys.c.client_id,
    keys.c.scope,
    keys.c.name,
    keys.c.line,
    keys.c.created_at,
    keys.c.expires_at,
    keys.c.last_used_at,
    keys.c.revoked_at,
    keys.c.origins,
)
# A client that is being deleted has no keys any more.
THERE = or_(
    keys.c.client_id.is_(None), exists().where(clients.c.client_id == keys.c.client_id, clients.c.deleting == 0)
)
_THIS = keys.c.id == bindparam("key")
_NEWEST_FIRST = (keys.c.created_at.desc(), keys.c.id)
_FIND = select(*COLUMNS).where(_THIS, THERE)
_LIST = select(*COLUMNS).where(THERE).order_by(*_NEWEST_FIRST)
_ONE = select(literal(1)).subquery("one")
# One row in any case: an id that nobody has takes as long as one that somebody has.
_LOOK_UP = select(*COLUMNS, keys.c.digest).select_from(_ONE.outerjoin(keys, and_(_THIS, THERE)))
_ADMIN = keys.c.scope == Scope.ADMIN.value
_LATER_USE = or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < bindparam("used_at"))


def insert_new(connection: Connection, key: KeyRow, digest: bytes) -> None:
    """Keep a key."""
    client_id = None if key.tenant is None else key.tenant.client_id
    values = {"id": key.id, "client_id": client_id, "scope": key.scope.value, "name": key.name, "line": key.line}
    times = {"created_at": key.created_at, "expires_at": key.expires_at}
    connection.execute(insert(keys), {**values, **times, "origins": " ".join(key.origins), "digest": digest})


def find(connection: Connection, tenant: Tenant, key_id: str) -> KeyRow | None:
    """The client's key, in whatever state; None when it is not there or another's."""
    found = admin_find(connection, key_id)
    return found if found is not None and found.tenant == tenant else None


def list_all(connection: Connection, tenant: Tenant) -> list[KeyRow]:
    """The client's keys, the newest first."""
    rows = connection.execute(_LIST.where(keys.c.client_id == bindparam("client")), {"client": tenant.client_id})
    return [key_row(row) for row in rows]


def newest_of_line(connection: Connection, line: str) -> KeyRow:
    """The last one that was made in the line."""
    statement = select(*COLUMNS).where(keys.c.line == bindparam("line")).order_by(*_NEWEST_FIRST).limit(1)
    return key_row(connection.execute(statement, {"line": line}).one())


def set_expiry(connection: Connection, key_id: str, expires_at: float) -> None:
    """From then on it is refused."""
    connection.execute(update(keys).where(_THIS).values(expires_at=expires_at), {"key": key_id})


def revoke(connection: Connection, key_id: str, now: float) -> None:
    """From here on it is refused."""
    connection.execute(update(keys).where(_THIS).values(revoked_at=now), {"key": key_id})


def admin_find(connection: Connection, key_id: str) -> KeyRow | None:
    """The key, whosever it is, in whatever state."""
    row = connection.execute(_FIND, {"key": key_id}).one_or_none()
    return None if row is None else key_row(row)


def admin_look_up(connection: Connection, key_id: str) -> LookedUp:
    """What there is under the id, whosever it is, in whatever state."""
    row = connection.execute(_LOOK_UP, {"key": key_id}).one()
    return LookedUp(row.digest, row)


def key_row(row: Row[*tuple[Any, ...]]) -> KeyRow:
    """The key in the first columns of a row, which are COLUMNS."""
    key_id, client_id, scope, *rest, origins = row[: len(COLUMNS)]
    found = KeyRow(key_id, None if client_id is None else Tenant(client_id), Scope(scope), *rest)
    return replace(found, origins=tuple(origins.split())) if origins else found


def admin_list(connection: Connection) -> list[KeyRow]:
    """Everybody's keys, the newest first."""
    return [key_row(row) for row in connection.execute(_LIST)]


def admin_list_of_service(connection: Connection) -> list[KeyRow]:
    """The keys of the whole service, the newest first."""
    return [key_row(row) for row in connection.execute(_LIST.where(_ADMIN))]


def admin_note_uses(connection: Connection, uses: Mapping[str, float]) -> None:
    """When keys were last used, by id."""
    statement = update(keys).where(_THIS, _LATER_USE).values(last_used_at=bindparam("used_at"))
    connection.execute(statement, [{"key": key_id, "used_at": at} for key_id, at in uses.items()])
