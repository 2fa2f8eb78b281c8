"""What goes over the wire about usage."""

from pydantic import BaseModel, Field


class Spent(BaseModel):
    """What was asked of the models in one window of time."""

    answers: int
    degraded: int = Field(description="Answers that quoted the passages because no model could speak.")
    llm_calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = Field(description="Prompt tokens that the provider had cached; they do not count as quota.")


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
