"""What goes over the wire about keys."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from conversational_rag.addresses import ORIGIN_PATTERN
from conversational_rag.schemas.fields import ClientId
from conversational_rag.security.principals import Scope

_DAY_SECONDS = 24 * 3600
_MOST_DAYS = 36_500


class KeyRequest(BaseModel):
    """The key that is wanted."""

    scope: Scope = Field(
        description="`chat`: ask, and one's own sessions; `manage`: everything of one client; `admin`: everything."
    )
    client_id: ClientId | None = Field(
        None, description="Whose; left out for `admin`, and by a client's own key, which makes keys of its client only."
    )
    name: str = Field("", max_length=100, description="What it is for, in your words.")
    expires_in_days: float | None = Field(
        None, gt=0, le=_MOST_DAYS, description="After so many days it is refused; left out: it does not expire."
    )
    origins: list[Annotated[str, Field(pattern=ORIGIN_PATTERN, max_length=300)]] = Field(
        default=[],
        max_length=20,
        description="Of the web pages that it will stand in: scheme, host and port; only with scope `chat`.",
    )


class RotateRequest(BaseModel):
    """How a key is replaced."""

    grace_seconds: float = Field(
        _DAY_SECONDS, ge=0, le=90 * _DAY_SECONDS, description="For so long the former key lives beside the new one."
    )


class KeyView(BaseModel):
    """A key without its secret; times in Unix seconds."""

    id: str = Field(description="The part between the first two `_` of the key.")
    scope: Scope
    client_id: str | None = Field(description="null: a key of the whole service.")
    name: str
    line: str = Field(description="What a key has in common with those that replace it; their `chat` sessions too.")
    status: Literal["live", "expired", "revoked"]
    created_at: float
    expires_at: float | None = Field(description="null: never.")
    last_used_at: float | None = Field(description="Up to a minute late; null: not yet.")
    revoked_at: float | None
    origins: list[str] = Field(description="Of the web pages that it may stand in; none: it is a secret.")


class NewKeyView(KeyView):
    """A key that was just made."""

    key: str = Field(repr=False, description="The key itself, to be stored now: it is not shown again.")
    former: KeyView | None = Field(
        None, description="The key that this one replaces, which lives until its `expires_at`."
    )


class KeyList(BaseModel):
    """Keys in whatever state, the newest first."""

    keys: list[KeyView]
    total: int
