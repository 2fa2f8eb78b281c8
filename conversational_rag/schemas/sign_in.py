"""What goes over the wire about signing in."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from conversational_rag.security.principals import Scope


class SignInRequest(BaseModel):
    """The key that is exchanged for a cookie."""

    key: SecretStr = Field(max_length=200)


class SignedIn(BaseModel):
    """What the browser may do from now on; the cookie came with it."""

    scope: Scope
    client_id: str | None = Field(description="null: every client.")
    expires_at: float = Field(description="When the sign-in ends, in Unix seconds.")


class SignedOut(BaseModel):
    """The sign-in has ended."""

    message: str


class UploadLimits(BaseModel):
    """What one upload may hold."""

    max_files: int
    max_file_bytes: int
    max_request_bytes: int = Field(description="All of a request together.")
    from_web: bool = Field(description="Whether web pages are taken in by their URL.")


class WhoAmI(BaseModel):
    """Who the caller is."""

    auth_mode: Literal["open", "keys"] = Field(description="open: there are no keys, and everybody may do everything.")
    scope: Scope
    client_id: str | None = Field(description="null: every client.")
    key_id: str | None = None
    name: str | None = Field(None, description="The key's name.")
    expires_at: float | None = Field(None, description="When the key expires, in Unix seconds; null: never.")
    uploads: UploadLimits
