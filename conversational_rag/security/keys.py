"""Keys as text: `crag_<id>_<secret>`. The id finds the key, the secret proves it; what is kept of it is a digest."""

import hmac
import re
import secrets
import string
from dataclasses import dataclass, field

_ID_CHARACTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 12
_SECRET_BYTES = 32
# `_` may occur in the secret: the id is what stands before the second one.
_FORM = re.compile(rf"crag_([a-z0-9]{{{_ID_LENGTH}}})_([A-Za-z0-9_-]{{43}})")


@dataclass(frozen=True, slots=True)
class Key:
    """A key as its owner has it: an id of 62 bits, which is no secret, and a secret of 256 random bits."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """What its owner is shown, once."""
        return f"crag_{self.id}_{self.secret}"


def new_key() -> Key:
    """A key that nobody has."""
    key_id = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
    return Key(key_id, secrets.token_urlsafe(_SECRET_BYTES))


def parse(text: str) -> Key | None:
    """The key that the text is, None for anything that is no key."""
    found = _FORM.fullmatch(text)
    return None if found is None else Key(*found.groups())


def digest(pepper: bytes, key_id: str, secret: str) -> bytes:
    """What is kept of a key: HMAC-SHA-256, 32 bytes. A random secret of this size needs no slow hash."""
    return hmac.digest(pepper, f"{key_id}_{secret}".encode(), "sha256")


def is_same(one: bytes, other: bytes) -> bool:
    """Compares two digests in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)
