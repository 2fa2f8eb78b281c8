"""What goes over the wire about the models and their quota."""

from typing import Literal

from pydantic import BaseModel, Field


class BucketView(BaseModel):
    """One of the limits that a model's provider sets; it refills all the time."""

    name: str = Field(examples=["tokens_per_minute"])
    limit: float
    left: float
    full_in: float | None = Field(description="Seconds; null: it is full.")


class ModelView(BaseModel):
    """One model."""

    model: str
    role: Literal["main", "fallback"]
    state: Literal["available", "waiting", "unavailable", "no_key"] = Field(
        description="`waiting`: for quota, or for the provider; `unavailable`: gone, or the key is refused."
    )
    retry_after: float | None = Field(description="Seconds until it is asked again, where known.")
    buckets: list[BucketView] = Field(description="What is left of its quota; none without a key.")


class ModelList(BaseModel):
    """The models in the order in which they are asked."""

    models: list[ModelView]
    extractive: Literal[True] = Field(True, description="When no model can speak, answers quote the passages.")
