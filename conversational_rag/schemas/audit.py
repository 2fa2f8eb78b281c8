"""What goes over the wire about the audit."""

from typing import Literal

from pydantic import BaseModel, Field


class AuditEntry(BaseModel):
    """One thing that was done, or refused."""

    id: int
    timestamp: float = Field(description="Unix seconds.")
    actor: str = Field(
        description="A key's id; `open` for anybody while there are no keys, `nobody` for a stranger, `cli` for the "
        "command line."
    )
    scope: str | None = Field(description="Of the key.")
    client_id: str | None
    action: str = Field(
        description="The operation's id. `refusals_left_out` stands for as many refusals as `object` says."
    )
    object: str | None = Field(description="The id of what it was done to.")
    address: str | None = Field(description="Where it came from.")
    outcome: Literal["done", "refused", "failed"]
    status: int | None = Field(description="The HTTP status; none on the command line.")
    request_id: str | None


class AuditAnswer(BaseModel):
    """Entries, the newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None = Field(description="For the older ones; null at the end.")
