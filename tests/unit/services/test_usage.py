"""Usage by time: each step has what was used in it, and those in which nothing was are there too."""

import pytest
from diary import ACME, BETA, Diary

from conversational_rag.db import clients
from conversational_rag.db.usage import UsageRow
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.usage import UsageRecord

HOUR, DAY = 3600, 86_400
NOON = 20_000 * DAY + 12 * HOUR
ONE = UsageRow(1, 0, 1, 10, 5, 2)


@pytest.fixture
def record(diary: Diary) -> UsageRecord:
    return UsageRecord(diary.database, diary.now)


async def spend(diary: Diary, record: UsageRecord, at: float, row: UsageRow = ONE, tenant: Tenant = ACME) -> None:
    diary.time = at
    await record.note(tenant, row)


@pytest.mark.parametrize(("seconds", "count"), [(HOUR, 24), (6 * HOUR, 28), (DAY, 30)])
async def test_the_last_step_is_the_one_that_we_are_in(
    diary: Diary, record: UsageRecord, seconds: int, count: int
) -> None:
    diary.time = NOON + 0.5
    history = await record.history(ACME, seconds, count)
    starts = list(history.steps.starts)
    assert len(starts) == len(history.rows) == count
    assert all(start % seconds == 0 for start in starts)
    assert starts[-1] <= diary.time < starts[-1] + seconds == history.steps.end
    assert history.rows == [UsageRow()] * count


async def test_what_was_used_stands_in_its_own_step(diary: Diary, record: UsageRecord) -> None:
    for at in (NOON - 23 * HOUR - 0.001, NOON - 23 * HOUR, NOON - HOUR, NOON - 0.001, NOON, NOON + 1800):
        await spend(diary, record, at)
    await spend(diary, record, NOON + 1800, UsageRow(1, 1), BETA)
    own, together = await record.history(ACME, HOUR, 24), await record.history(None, HOUR, 24)
    assert own.rows[0] == ONE, "what is older than the window is left out"
    assert own.rows[1:22] == [UsageRow()] * 21
    assert own.rows[22:] == [ONE + ONE, ONE + ONE]
    assert together.rows[:23] == own.rows[:23]
    assert together.rows[23] == UsageRow(3, 1, 2, 20, 10, 4)
    assert (await record.history(BETA, DAY, 30)).rows[-1] == UsageRow(1, 1)
    assert (await record.history(Tenant("nobody"), DAY, 30)).rows == [UsageRow()] * 30


async def test_a_clock_that_was_set_back_breaks_nothing(diary: Diary, record: UsageRecord) -> None:
    await spend(diary, record, NOON + 3 * DAY)
    diary.time = NOON
    assert (await record.history(ACME, HOUR, 24)).rows == [UsageRow()] * 24


async def test_a_client_that_is_being_deleted_has_used_nothing(diary: Diary, record: UsageRecord) -> None:
    await spend(diary, record, NOON)
    await diary.database.write(clients.mark_deleting, ACME)
    assert (await record.history(None, HOUR, 24)).rows[-1] == UsageRow()
