"""GET /api/v1/usage: what each client has cost."""

from dataclasses import asdict

from fastapi import APIRouter

from conversational_rag.db.usage import total
from conversational_rag.dependencies import OptionalTenant, Resources
from conversational_rag.schemas.usage import ClientUsage, Spent, UsageAnswer, UsageWindows
from conversational_rag.services.usage import Windows

router = APIRouter(prefix="/api/v1/usage", tags=["usage"])


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


def _left(tokens_per_day: int, spent: Windows) -> dict[str, int]:
    """Nothing, when there is no such limit."""
    if not tokens_per_day:
        return {}
    return {"tokens_per_day": tokens_per_day, "tokens_left": max(0, tokens_per_day - spent.day.tokens)}


def _windows(spent: Windows) -> dict[str, Spent]:
    return {"last_24_hours": Spent(**asdict(spent.day)), "last_7_days": Spent(**asdict(spent.week))}
