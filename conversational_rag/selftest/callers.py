"""Who asks: with which key, of which client, and what of the other callers' must never reach him."""

from dataclasses import dataclass, field
from enum import Enum

from conversational_rag.security.principals import Scope


class Side(Enum):
    """Whose key it is: the client's whose objects are asked for, the other client's, or of no single client."""

    OWNER = "owner"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks. `scope` None: the key is dead, or there is none; `began`: the objects' session is his."""

    name: str
    scope: Scope | None
    side: Side
    client_id: str | None = None
    key: str | None = field(default=None, repr=False)
    began: bool = False

    @property
    def is_dead(self) -> bool:
        """There is a key, and it must not be accepted any more."""
        return self.scope is None and self.key is not None

    @property
    def is_admin(self) -> bool:
        """Of no client, and over all of them."""
        return self.scope is Scope.ADMIN
