"""What goes over the wire about usage."""

from typing import Literal

from pydantic import BaseModel, Field


class Spent(BaseModel):
    """What was asked of the models in one window of time."""

    answers: int
    degraded: int = Field(description="Answers that quoted the passages because no model could speak.")
    llm_calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = Field(description="Prompt tokens that the provider had cached; they do not count as quota.")


class UsagePoint(Spent):
    """One stretch of time."""

    start: int = Field(description="When it begins, in Unix seconds; a whole hour, quarter of a day, or day of UTC.")


class UsageHistory(BaseModel):
    """A window of time, step by step: the oldest first, the last one is the one that we are in."""

    window: Literal["24h", "7d", "30d"]
    step_seconds: int
    points: list[UsagePoint]


class UsageWindows(BaseModel):
    """The last day and the last week, up to now."""

    last_24_hours: Spent
    last_7_days: Spent


class ClientUsage(UsageWindows):
    """One client; with TOKENS_PER_DAY also what it may use in 24 hours, and what is left of that."""

    client_id: str
    tokens_per_day: int | None = None
    tokens_left: int | None = None


class UsageAnswer(BaseModel):
    """Every client that has asked something in the last 7 days, and all of them together."""

    clients: list[ClientUsage]
    total: UsageWindows
