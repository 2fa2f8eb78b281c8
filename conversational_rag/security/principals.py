"""Who makes a request, and how far that reaches."""

from dataclasses import dataclass
from enum import StrEnum

from conversational_rag.errors import ClientNotFound, Forbidden
from conversational_rag.security.tenants import Tenant


class Scope(StrEnum):
    """What a key is for; each one includes those before it."""

    CHAT = "chat"
    MANAGE = "manage"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        """Whether whoever has this scope may do what needs the other."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


# A line that no key is of.
_NOBODY = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose sessions: one client's, None for everybody's; of these those one line of keys has begun, None for all.

    `unlisted` is a further line whose sessions are reached by whoever knows their ids, and stand in no list.
    """

    tenant: Tenant | None = None
    line: str | None = None
    unlisted: str | None = None

    def includes(self, tenant: Tenant, begun_by: str | None) -> bool:
        """Whether a session of this client, begun by this line of keys, is one of them."""
        if self.tenant not in (None, tenant):
            return False
        return self.line in (None, begun_by) or (self.unlisted is not None and self.unlisted == begun_by)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever was let in. `tenant` is None for those who may act for every client: the admin, and all while the service
    is open. `line` is what a key has in common with those that replaced it, None without a key. A key with `origins`
    stands in web pages of theirs: many strangers have it, and one of them is not another."""

    scope: Scope
    tenant: Tenant | None = None
    key_id: str | None = None
    line: str | None = None
    origins: tuple[str, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether everybody can read the key, in a web page."""
        return bool(self.origins)

    def require(self, scope: Scope) -> None:
        """Raises Forbidden when what needs this scope is out of reach."""
        if not self.scope.includes(scope):
            raise Forbidden(f"This key's scope is `{self.scope}`, and this takes `{scope}`; use another key.")

    def acting_for(self, client_id: str | None) -> Tenant | None:
        """The client a request is about: its own, or for the admin the one it names, None when it names none.

        Raises ClientNotFound when a key of one client names another.
        """
        if self.tenant is None:
            return None if client_id is None else Tenant(client_id)
        if client_id is not None and client_id != self.tenant.client_id:
            raise ClientNotFound
        return self.tenant

    def reach(self, tenant: Tenant | None) -> Reach:
        """The sessions of the tenant that may be seen: with a `chat` key those it has begun, with a public one of these
        whichever can be named."""
        if self.is_public:
            return Reach(tenant, _NOBODY, unlisted=self.line)
        return Reach(tenant, self.line if self.scope is Scope.CHAT else None)


# While the service is open, whoever reaches it.
ANYBODY = Principal(Scope.ADMIN)
