"""Sign-ins: a browser shows a key once, and holds a token of its own from then on, which ends by itself."""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256

from conversational_rag.db import sign_ins
from conversational_rag.db.engine import Database
from conversational_rag.errors import Unauthenticated
from conversational_rag.security.principals import Principal
from conversational_rag.services.keys import Keys

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a browser is given: a token, whose it is, and when it ends (Unix seconds)."""

    token: str = field(repr=False)
    principal: Principal
    expires_at: float


class SignIns:
    """Begins and ends sign-ins. None outlives its key."""

    def __init__(self, database: Database, keys: Keys, lifetime_seconds: float) -> None:
        self._database, self._keys, self._lifetime_seconds = database, keys, lifetime_seconds

    async def begin(self, key_text: str) -> SignIn:
        """Exchange a key for a token. Raises Unauthenticated."""
        key = await self._keys.verify(key_text)
        principal, now = self._keys.admit(key), self._keys.now()
        end = now + self._lifetime_seconds
        if key.expires_at is not None:
            end = min(end, key.expires_at)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await self._database.write(sign_ins.insert_new, _digest(token), key.id, now, end)
        return SignIn(token, principal, end)

    async def authenticate(self, token: str) -> Principal:
        """Whose sign-in it is. Raises Unauthenticated when it has ended, or its key is revoked or expired."""
        found = await self._database.read(sign_ins.admin_find, _digest(token))
        if found is None or found[1] <= self._keys.now():
            raise Unauthenticated
        return self._keys.admit(found[0])

    async def end(self, token: str) -> None:
        """The token is of no use any more; it may have been none."""
        # Strangers may ask for this: what is no sign-in keeps no writer waiting.
        if await self._database.read(sign_ins.admin_find, _digest(token)) is not None:
            await self._database.write(sign_ins.admin_remove, _digest(token))

    async def cleanup(self) -> int:
        """Forget the sign-ins whose time has run out; how many."""
        return await self._database.write(sign_ins.admin_delete_expired, self._keys.now())


def _digest(token: str) -> bytes:
    """What is kept of a token; a random one of this size needs no slow hash. Also of what can be no token."""
    return sha256(token.encode(errors="surrogatepass")).digest()
