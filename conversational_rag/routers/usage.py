"""/api/v1/usage: what each client has cost, and when."""

from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter

from conversational_rag.db.usage import total
from conversational_rag.dependencies import OptionalTenant, Resources
from conversational_rag.schemas.usage import ClientUsage, Spent, UsageAnswer, UsageHistory, UsagePoint, UsageWindows
from conversational_rag.services.usage import Windows

router = APIRouter(prefix="/api/v1/usage", tags=["usage"])
_HOUR_SECONDS = 3600
# By window: how long a step is, and how many there are.
_STEPS = {"24h": (_HOUR_SECONDS, 24), "7d": (6 * _HOUR_SECONDS, 28), "30d": (24 * _HOUR_SECONDS, 30)}


@router.get("", operation_id="usage", response_model_exclude_none=True)
async def usage(resources: Resources, tenant: OptionalTenant) -> UsageAnswer:
    """Answers, calls and tokens of the last 24 hours and the last 7 days, by client."""
    if tenant is None:
        spent = await resources.usage.of_all()
    else:
        spent = {tenant.client_id: await resources.usage.of(tenant)}
    together = Windows(total(each.day for each in spent.values()), total(each.week for each in spent.values()))
    budget = resources.settings.tokens_per_day
    clients = [
        ClientUsage(client_id=client_id, **_windows(each), **_left(budget, each)) for client_id, each in spent.items()
    ]
    return UsageAnswer(clients=clients, total=UsageWindows(**_windows(together)))


@router.get("/history", operation_id="usage_history")
async def history(
    resources: Resources, tenant: OptionalTenant, window: Literal["24h", "7d", "30d"] = "24h"
) -> UsageHistory:
    """What one client has used hour by hour, quarter of a day by quarter, or day by day; for the admin all together."""
    found = await resources.usage.history(tenant, *_STEPS[window])
    points = [UsagePoint(start=start, **asdict(row)) for start, row in zip(found.steps.starts, found.rows, strict=True)]
    return UsageHistory(window=window, step_seconds=found.steps.seconds, points=points)


def _left(tokens_per_day: int, spent: Windows) -> dict[str, int]:
    """Nothing, when there is no such limit."""
    if not tokens_per_day:
        return {}
    return {"tokens_per_day": tokens_per_day, "tokens_left": max(0, tokens_per_day - spent.day.tokens)}


def _windows(spent: Windows) -> dict[str, Spent]:
    return {"last_24_hours": Spent(**asdict(spent.day)), "last_7_days": Spent(**asdict(spent.week))}
