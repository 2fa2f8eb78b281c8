"""Who a request acts for: one client, one collection, named once."""

import re
import secrets
from dataclasses import dataclass

CLIENT_ID_PATTERN = r"^[A-Za-z0-9_-]{3,64}$"
_CLIENT_ID = re.compile(CLIENT_ID_PATTERN.removesuffix("$") + r"\Z")


@dataclass(frozen=True, slots=True)
class Tenant:
    """One client of the service. Every method below the door takes it first."""

    client_id: str

    @property
    def collection_name(self) -> str:
        """The client's collection in the vector store.

        Chroma wants a letter or digit at the end; a point cannot stand in a client_id, so the ending is unambiguous.
        """
        ending = ".0" if self.client_id[-1] in "_-" else ""
        return f"docs_{self.client_id}{ending}"

    @classmethod
    def of_collection(cls, name: str) -> "Tenant | None":
        """Whose collection that is; None when it has no name of ours."""
        client_id = name.removeprefix("docs_").removesuffix(".0")
        return cls(client_id) if is_well_formed(client_id) and cls(client_id).collection_name == name else None


def is_well_formed(client_id: str) -> bool:
    """3 to 64 letters, digits, `_` or `-` (ASCII)."""
    return _CLIENT_ID.match(client_id) is not None


def new_client_id() -> str:
    """`client_` and 16 hex digits (64 random bits): not guessable."""
    return f"client_{secrets.token_hex(8)}"
