"""The one body of every error: RFC 9457 problem details."""

from pydantic import BaseModel, ConfigDict, Field


class FieldError(BaseModel):
    """One field that is wrong."""

    field: str = Field(examples=["body.message"])
    message: str


class Problem(BaseModel):
    """What went wrong and what to do next. Some problems carry further members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:conversational-rag:error:client_not_found"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable, snake_case.", examples=["client_not_found"])
    request_id: str
    errors: list[FieldError] | None = None
