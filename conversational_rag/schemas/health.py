"""What goes over the wire about the service's state."""

from typing import Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The service in one glance; `timestamp` in Unix seconds."""

    status: Literal["healthy", "degraded"]
    timestamp: float
    model: str = Field(description="The model that is asked first.")
    vector_store: str
    session_storage: str
    database_path: str


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class Dependency(BaseModel):
    """One part the service leans on."""

    status: Literal["ok", "starting", "degraded", "down"]
    needed: bool = Field(description="false: the service answers without it.")
    detail: str | None = None


class Readiness(BaseModel):
    """Whether requests can be served."""

    status: Literal["ready", "not_ready"]
    dependencies: dict[str, Dependency]
