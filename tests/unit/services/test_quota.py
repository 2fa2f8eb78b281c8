"""The ledger outlives the process."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conversational_rag.db.engine import Database
from conversational_rag.llm.base import Usage
from conversational_rag.llm.buckets import Demand
from conversational_rag.llm.headers import RateLimitHeaders
from conversational_rag.llm.lessons import Lessons
from conversational_rag.llm.limits import BucketState, Ledger, LedgerState
from conversational_rag.services.quota import Quota

MODEL = "openai/gpt-oss-120b"
ROOT = Path(__file__).parents[3]

# Makes calls of 1,000 tokens for ever, and prints how many are over and noted.
_SPEND = """
import asyncio, sys
from pathlib import Path
from conversational_rag.db.engine import Database
from conversational_rag.llm.base import Usage
from conversational_rag.llm.buckets import Demand
from conversational_rag.llm.limits import Ledger
from conversational_rag.services.quota import Quota

async def spend():
    database = Database(Path(sys.argv[1]))
    await database.migrate()
    ledger, quota = Ledger(), Quota(database)
    for calls in range(1, 10_000):
        account = ledger.of("openai/gpt-oss-120b")
        account.settle(account.reserve(Demand(900, 100)), Usage(900, 100, 0, 1))
        quota.save(ledger.snapshot())
        await quota.close()
        print(calls, flush=True)

asyncio.run(spend())
"""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    yield opened
    await opened.close()


async def test_a_restart_does_not_forget_the_day(database: Database) -> None:
    before, quota = Ledger(), Quota(database)
    account = before.of(MODEL)
    account.settle(account.reserve(Demand(150_000, 1_000)), Usage(150_000, 200, 0, 1))
    quota.save(before.snapshot())
    await quota.close()

    after = Ledger()
    after.restore(await Quota(database).load())
    assert after.of(MODEL).level("TPD") == pytest.approx(49_800, abs=100)
    assert after.of(MODEL).level("TPM") < 0


async def test_a_restart_does_not_forget_what_the_calls_have_taught(database: Database) -> None:
    before, quota = Ledger(), Quota(database)
    account = before.of(MODEL)
    account.settle(account.reserve(Demand(1_000, 500), estimated_tokens=1_000), Usage(1_300, 90, 0, 1))
    told = account.level("TPM") - 410  # none of the 410 that were not used has come back
    account.note_headers(account.reserve(Demand(0, 0)), RateLimitHeaders(remaining_tokens=int(told)))
    before.of("another")
    quota.save(before.snapshot())
    await quota.close()
    assert account.ratio == pytest.approx(1.3)
    assert account.lessons.returned_share < 0.6

    after = Ledger()
    after.restore(await Quota(database).load())
    assert after.of(MODEL).lessons == account.lessons
    assert after.of(MODEL).prompt_tokens(1_000) == 1_300
    assert after.of("another").lessons == Lessons()


async def test_what_comes_while_one_write_runs_goes_with_the_next(database: Database) -> None:
    quota = Quota(database)
    for level in range(100):
        quota.save(LedgerState((BucketState(MODEL, "TPD", 200_000, level, 1.0),)))
        await asyncio.sleep(0)
    await quota.close()
    assert (await quota.load()).buckets == (BucketState(MODEL, "TPD", 200_000, 99, 1.0),)


async def test_a_bucket_that_binds_no_more_is_not_kept_and_other_models_stay(database: Database) -> None:
    quota = Quota(database)
    quota.save(
        LedgerState((BucketState(MODEL, "TPD", 200_000, 5, 1.0), BucketState("another", "TPD", 200_000, 6, 1.0)))
    )
    await quota.close()
    quota.save(LedgerState((BucketState(MODEL, "TPM", 250_000, 7, 2.0),)))
    await quota.close()
    assert set((await quota.load()).buckets) == {
        BucketState(MODEL, "TPM", 250_000, 7, 2.0), BucketState("another", "TPD", 200_000, 6, 1.0),
    }  # fmt: skip


async def test_a_database_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    unmigrated = Database(tmp_path / "empty.db")
    quota = Quota(unmigrated)
    quota.save(LedgerState((BucketState(MODEL, "TPD", 200_000, 5, 1.0),)))
    await quota.close()
    await unmigrated.close()


async def test_a_kill_forgets_no_call_that_was_noted(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    spender = subprocess.Popen(  # noqa: ASYNC220 the test has nothing else to do meanwhile
        [sys.executable, "-c", _SPEND, str(path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert spender.stdout is not None
    calls = 0
    while calls < 20:
        calls = int(spender.stdout.readline())
    spender.kill()
    spender.wait(10)
    spender.stdout.close()

    database = Database(path)
    ledger = Ledger()
    ledger.restore(await Quota(database).load())
    await database.close()
    refilled_since = 60 * 200_000 / 86_400
    assert ledger.of(MODEL).level("TPD") <= 200_000 - calls * 1_000 + refilled_since
