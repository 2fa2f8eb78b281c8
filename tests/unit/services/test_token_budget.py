"""A client that has used its tokens up waits until enough of them is a day old."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conversational_rag.db import clients, usage
from conversational_rag.db.engine import Database
from conversational_rag.db.usage import UsageRow
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import token_budget
from conversational_rag.services.token_budget import TokenBudget

ACME, BETA = Tenant("acme"), Tenant("beta")
HOUR, DAY = 3600.0, 86_400.0


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    for tenant in (ACME, BETA):
        await opened.write(clients.create, tenant, "model", 0.0)
    yield opened
    await opened.close()


async def spend(database: Database, clock: Clock, prompt: int, completion: int, tenant: Tenant = ACME) -> None:
    row = UsageRow(1, 0, 1, prompt, completion, cached_tokens=prompt)
    await database.write(usage.record, tenant, row, clock.now)


async def test_as_long_as_something_is_left_nobody_waits(database: Database, clock: Clock) -> None:
    budget = TokenBudget(database, 1000, clock)
    await spend(database, clock, 900, 99)
    assert await budget.wait_seconds(ACME) is None


async def test_prompts_and_answers_count_in_full_and_the_last_token_shuts(database: Database, clock: Clock) -> None:
    await spend(database, clock, 900, 100)
    assert await TokenBudget(database, 1000, clock).wait_seconds(ACME) == DAY
    assert await TokenBudget(database, 1001, clock).wait_seconds(ACME) is None


async def test_the_wait_ends_when_enough_has_left_the_window(database: Database, clock: Clock) -> None:
    budget = TokenBudget(database, 1000, clock)
    begin = clock.now
    for _ in range(6):
        await spend(database, clock, 200, 100)
        clock.now += HOUR
    # Of 1800 tokens 900 may stay: the three oldest have to go.
    wait = await budget.wait_seconds(ACME)
    assert wait == begin + 2 * HOUR + DAY - clock.now
    clock.now += wait
    assert await budget.wait_seconds(ACME) == 0
    clock.now += token_budget._FRESH_SECONDS
    assert await budget.wait_seconds(ACME) is None


async def test_each_client_has_its_own(database: Database, clock: Clock) -> None:
    budget = TokenBudget(database, 1000, clock)
    await spend(database, clock, 5000, 0)
    assert await budget.wait_seconds(BETA) is None
    assert await budget.wait_seconds(ACME) is not None


async def test_a_few_seconds_long_it_is_not_looked_at_again(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget, looks = TokenBudget(database, 1000, clock), 0
    read = database.read

    async def counted(*args: object) -> object:
        nonlocal looks
        looks += 1
        return await read(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "read", counted)
    for _ in range(20):
        assert await budget.wait_seconds(ACME) is None
    await spend(database, clock, 5000, 0)
    assert (await budget.wait_seconds(ACME), looks) == (None, 1)
    clock.now += token_budget._FRESH_SECONDS
    assert await budget.wait_seconds(ACME) is not None
    assert looks == 2


async def test_without_a_limit_nothing_is_looked_at(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "read", None)
    assert await TokenBudget(database, 0, clock).wait_seconds(ACME) is None


async def test_clients_without_end_take_no_memory_without_end(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_budget, "_CLIENTS_REMEMBERED", 3)
    budget = TokenBudget(database, 1000, clock)
    for number in range(20):
        await budget.wait_seconds(Tenant(f"client-{number}"))
    assert len(budget._known) == 3
