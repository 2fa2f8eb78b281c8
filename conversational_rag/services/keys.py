"""Keys: made, shown once, replaced, revoked; and who it is that shows one, looked at anew with every request."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from conversational_rag.addresses import ORIGIN_PATTERN, origin_as_browsers_write_it
from conversational_rag.db import clients, keys, sign_ins
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.keys import KeyRow
from conversational_rag.errors import BadInput, ClientNotFound, KeyNotFound, Unauthenticated
from conversational_rag.security.keys import Key, digest, is_same, new_key, parse
from conversational_rag.security.principals import Principal, Scope
from conversational_rag.security.tenants import Tenant

MAX_NAME_CHARACTERS = 100
MAX_ORIGINS = 20
GRACE_SECONDS = 24 * 3600.0
_FIRST_NAME = "first admin key"
_ORIGIN = re.compile(ORIGIN_PATTERN)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, and the only place that has its text; `former` is the one that it is to replace."""

    text: str = field(repr=False)
    row: KeyRow
    former: KeyRow | None = None


class Keys:
    """What can be asked of, and done to, keys. `tenant` None means: whosever they are."""

    def __init__(self, database: Database, pepper: bytes, now: Callable[[], float]) -> None:
        self._database, self._pepper, self.now = database, pepper, now
        # What no secret gives: an unknown id is compared as well, so that it takes as long as a wrong secret.
        self._of_nobody = secrets.token_bytes(32)
        self._uses: dict[str, float] = {}

    async def authenticate(self, text: str) -> Principal:
        """Whose key it is. Raises Unauthenticated, which tells nothing of what is wrong with it."""
        return self.admit(await self.verify(text))

    async def verify(self, text: str) -> KeyRow:
        """The key, in whatever state. Raises Unauthenticated when there is none with that secret."""
        key = parse(text)
        if key is None:
            raise Unauthenticated
        found = await self._database.read(keys.admin_look_up, key.id)
        if not is_same(self._digest(key), found.digest or self._of_nobody):
            raise Unauthenticated
        return found.key()

    def admit(self, row: KeyRow) -> Principal:
        """Who that key's owner is; the use is remembered. Raises Unauthenticated when it is revoked or expired."""
        now = self.now()
        if not row.is_live(now):
            raise Unauthenticated
        self._uses[row.id] = now
        return Principal(row.scope, row.tenant, row.id, row.line, row.origins)

    async def create(
        self,
        scope: Scope,
        tenant: Tenant | None,
        name: str = "",
        expires_at: float | None = None,
        origins: Sequence[str] = (),
    ) -> NewKey:
        """Make a key; one for the admin has no client, and every other one has. One with `origins` is for pages of
        theirs, where everybody can read it. Raises BadInput, ClientNotFound."""
        now, key = self.now(), new_key()
        _require_form(scope, tenant, name)
        origins = _checked_origins(scope, origins)
        if expires_at is not None and expires_at <= now:
            raise BadInput("The key would have expired already; give a time that is to come, or none.")
        row = KeyRow(key.id, tenant, scope, name, key.id, now, expires_at, origins=origins)
        await self._database.write(_insert, row, self._digest(key))
        return NewKey(key.text, row)

    async def create_first_admin_key(self) -> NewKey | None:
        """An admin key for a service that never had one, else None."""
        key = new_key()
        row = KeyRow(key.id, None, Scope.ADMIN, _FIRST_NAME, key.id, self.now())
        is_first = await self._database.write(_insert_first, row, self._digest(key))
        return NewKey(key.text, row) if is_first else None

    async def find(self, tenant: Tenant | None, key_id: str) -> KeyRow:
        """The key, in whatever state. Raises KeyNotFound, also for another client's."""
        return await self._database.read(_find, tenant, key_id)

    async def find_public(self, key_id: str) -> KeyRow | None:
        """The key that stands in web pages and is live; None when there is no such one."""
        row = await self._database.read(keys.admin_find, key_id)
        return row if row is not None and row.origins and row.is_live(self.now()) else None

    async def list_keys(self, tenant: Tenant | None) -> list[KeyRow]:
        """Keys in whatever state, the newest first; `tenant` None: everybody's."""
        if tenant is None:
            return await self._database.read(keys.admin_list)
        return await self._database.read(keys.list_all, tenant)

    async def rotate(self, tenant: Tenant | None, key_id: str, grace_seconds: float = GRACE_SECONDS) -> NewKey:
        """Make a key in the place of another, which lives on for `grace_seconds`; the new one lives as long from now on
        as the other was meant to. Raises KeyNotFound, BadInput when it is dead or was rotated before."""
        key = new_key()
        row, former = await self._database.write(
            _rotate, tenant, key_id, key.id, self._digest(key), self.now(), grace_seconds
        )
        return NewKey(key.text, row, former)

    async def revoke(self, tenant: Tenant | None, key_id: str, *, keep_an_admin: bool = False) -> KeyRow:
        """From here on the key is refused, with every sign-in made with it; one that is revoked stays so.

        Raises KeyNotFound, and with `keep_an_admin` BadInput for the last admin key that is live.
        """
        return await self._database.write(_revoke, tenant, key_id, self.now(), keep_an_admin)

    async def store_uses(self) -> None:
        """Write down when keys were last used. Raises DatabaseUnavailable; then the next time does it."""
        uses = dict(self._uses)
        if uses:
            await self._database.write(keys.admin_note_uses, uses)
        self._uses = {key_id: at for key_id, at in self._uses.items() if uses.get(key_id) != at}

    def _digest(self, key: Key) -> bytes:
        return digest(self._pepper, key.id, key.secret)


def _require_form(scope: Scope, tenant: Tenant | None, name: str) -> None:
    if scope is Scope.ADMIN and tenant is not None:
        raise BadInput("An admin key is of no single client; leave the client out, or ask for `manage` or `chat`.")
    if scope is not Scope.ADMIN and tenant is None:
        raise BadInput(f"A `{scope}` key is of one client; name the client.")
    # Names are shown in terminals, which obey control characters.
    if len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise BadInput(f"A key's name has up to {MAX_NAME_CHARACTERS} printable characters; choose another.")


def _checked_origins(scope: Scope, origins: Sequence[str]) -> tuple[str, ...]:
    """Each once, as browsers write them."""
    if origins and scope is not Scope.CHAT:
        raise BadInput("Whoever reads a page with `origins` has its key: make it with scope `chat`.")
    if wrong := [origin for origin in origins if not _ORIGIN.fullmatch(origin)]:
        raise BadInput(f"{wrong[0][:100]!r} is no origin; give scheme and host, as in https://www.example.org.")
    known = tuple(dict.fromkeys(map(origin_as_browsers_write_it, origins)))
    if len(known) > MAX_ORIGINS:
        raise BadInput(f"A key has up to {MAX_ORIGINS} origins; make another one for the rest.")
    return known


def _insert(connection: Connection, row: KeyRow, key_digest: bytes) -> None:
    if row.tenant is not None and clients.find(connection, row.tenant) is None:
        raise ClientNotFound(
            f"There is no client {row.tenant.client_id}; check the name, or upload a document to make it."
        )
    keys.insert_new(connection, row, key_digest)


def _insert_first(connection: Connection, row: KeyRow, key_digest: bytes) -> bool:
    if keys.admin_list_of_service(connection):
        return False
    keys.insert_new(connection, row, key_digest)
    return True


def _find(connection: Connection, tenant: Tenant | None, key_id: str) -> KeyRow:
    row = keys.admin_find(connection, key_id) if tenant is None else keys.find(connection, tenant, key_id)
    if row is None:
        raise KeyNotFound
    return row


def _rotate(
    connection: Connection,
    tenant: Tenant | None,
    key_id: str,
    new_id: str,
    key_digest: bytes,
    now: float,
    grace_seconds: float,
) -> tuple[KeyRow, KeyRow]:
    """The new key and the former one."""
    former, newest = _require_rotatable(connection, _find(connection, tenant, key_id), now)
    # Of the former one's own end the rotation before may have left nothing.
    lifetime = None if newest.expires_at is None else newest.expires_at - newest.created_at
    until = None if lifetime is None else now + lifetime
    row = replace(former, id=new_id, created_at=now, expires_at=until, last_used_at=None)
    keys.insert_new(connection, row, key_digest)
    end = now + grace_seconds
    if former.expires_at is not None:
        end = min(end, former.expires_at)
    keys.set_expiry(connection, key_id, end)
    return row, replace(former, expires_at=end)


def _require_rotatable(connection: Connection, row: KeyRow, now: float) -> tuple[KeyRow, KeyRow]:
    """The key, and the newest of its line: another one only when that is dead."""
    if not row.is_live(now):
        raise BadInput(f"Key {row.id} is revoked or expired; make a new one.")
    newest = keys.newest_of_line(connection, row.line)
    if newest.id != row.id and newest.is_live(now):
        raise BadInput(f"Key {row.id} was rotated before, and {newest.id} replaces it; rotate that one.")
    return row, newest


def _revoke(connection: Connection, tenant: Tenant | None, key_id: str, now: float, keep_an_admin: bool) -> KeyRow:
    row = _find(connection, tenant, key_id)
    if row.revoked_at is not None:
        return row
    if keep_an_admin and row.scope is Scope.ADMIN and row.is_live(now):
        _require_another_admin(connection, row, now)
    keys.revoke(connection, key_id, now)
    sign_ins.remove_of_key(connection, key_id)
    return replace(row, revoked_at=now)


def _require_another_admin(connection: Connection, row: KeyRow, now: float) -> None:
    if not any(other.is_live(now) for other in keys.admin_list_of_service(connection) if other.id != row.id):
        raise BadInput(
            f"Key {row.id} is the last admin key; make another one first, or revoke it with "
            f"`python -m conversational_rag key revoke {row.id}`."
        )
