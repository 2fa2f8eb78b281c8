"""Jobs are done one after another, tried again when they fail, and never by two at once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from waiting import until

from conversational_rag.db import clients, jobs
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import JobFile, JobRow, Lease
from conversational_rag.errors import BadInput, DatabaseUnavailable, StorageFull, Unavailable, UploadCancelled
from conversational_rag.jobs.pace import Pace
from conversational_rag.jobs.worker import Worker
from conversational_rag.security.tenants import Tenant

ACME, BETA, GAMMA = Tenant("acme"), Tenant("beta"), Tenant("gamma")
T = TypeVar("T")
QUICK = Pace(idle_seconds=0.02, look_seconds=0.02, first_pause_seconds=0.0, beat_seconds=0.005)
# What fails is not due again while a test runs.
PATIENT = Pace(idle_seconds=0.02, look_seconds=0.02, first_pause_seconds=1e6, longest_pause_seconds=1e6)
# What fails is not due again while the clock stands still.
SHORT = Pace(idle_seconds=0.02, look_seconds=0.02, first_pause_seconds=0.01, beat_seconds=0.005)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Script:
    """A task that does what it is told: `work` by job id, else nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.work: dict[str, Callable[[Lease], Awaitable[None]]] = {}
        self.begun: list[str] = []
        self.given_up: list[tuple[str, str]] = []
        self.give_up_fault: Exception | None = None

    async def run(self, lease: Lease) -> None:
        self.begun.append(lease.job_id)
        if lease.job_id in self.work:
            await self.work[lease.job_id](lease)

    async def give_up(self, tenant: Tenant, job_id: str, error: BadInput) -> None:
        if self.give_up_fault is not None:
            fault, self.give_up_fault = self.give_up_fault, None
            raise fault
        self.given_up.append((job_id, error.detail))
        await self._database.write(jobs.end, tenant, job_id, 1.0)


class Shop:
    """A database, a script and as many workers as a test wants."""

    def __init__(self, database: Database) -> None:
        self.database, self.script, self.clock = database, Script(database), Clock()
        self.workers: list[Worker] = []

    async def worker(self, pace: Pace = QUICK, slots: int = 2) -> Worker:
        worker = Worker(self.database, {"task": self.script}, slots=slots, pace=pace, clock=self.clock)
        self.workers.append(worker)
        await worker.start()
        return worker

    async def add(self, job_id: str, tenant: Tenant = ACME) -> str:
        await self.database.write(insert, tenant, job_id, self.clock.time)
        self.clock.time += 0.001
        for worker in self.workers:
            worker.wake()
        return job_id

    async def row(self, job_id: str) -> JobRow:
        found = await self.database.read(jobs.admin_find, job_id)
        assert found is not None
        return found


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    database = Database(tmp_path / "jobs.db")
    await database.migrate()
    opened = Shop(database)
    yield opened
    for worker in opened.workers:
        await worker.stop()
    await database.close()


def insert(connection: Connection, tenant: Tenant, job_id: str, now: float) -> None:
    clients.create(connection, tenant, "model", now)
    files = [JobFile(0, "a.txt", None)]
    jobs.insert_queued(connection, tenant, job_id, "task", files, now, new_client=False, key=None)


def delete_client(connection: Connection, tenant: Tenant) -> None:
    clients.delete_rows(connection, tenant)


class Held:
    """Work that waits until it is let go; counts how often it runs at once."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.running = self.most = self.cancelled = 0

    async def __call__(self, _lease: Lease) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1


def failing(*faults: BaseException) -> Callable[[Lease], Awaitable[None]]:
    left = list(faults)

    async def work(_lease: Lease) -> None:
        if left:
            raise left.pop(0)

    return work


async def test_a_job_is_done_once_and_whoever_waits_is_told(shop: Shop) -> None:
    worker = await shop.worker()
    await shop.add("job")
    await asyncio.gather(*(worker.finished(ACME, "job") for _ in range(3)))
    assert shop.script.begun == ["job"]
    assert (await shop.row("job")).state == jobs.DONE


async def test_waiting_for_a_job_that_has_ended_returns_at_once(shop: Shop) -> None:
    worker = await shop.worker()
    await shop.add("job")
    await worker.finished(ACME, "job")
    await worker.finished(ACME, "job")
    assert len(worker._waiting) == 0


async def test_jobs_of_one_client_go_one_after_the_other_in_their_order(shop: Shop) -> None:
    held = Held()
    shop.script.work = dict.fromkeys(("first", "second"), held)
    for job_id in ("first", "second"):
        await shop.add(job_id)
    worker = await shop.worker(slots=3)
    await until(lambda: held.running)
    held.go.set()
    await worker.finished(ACME, "second")
    assert (shop.script.begun, held.most) == (["first", "second"], 1)


async def test_jobs_of_different_clients_go_side_by_side(shop: Shop) -> None:
    held = Held()
    shop.script.work = dict.fromkeys(("a", "b", "c"), held)
    worker = await shop.worker(slots=2)
    for job_id, tenant in (("a", ACME), ("b", BETA), ("c", GAMMA)):
        await shop.add(job_id, tenant)
    await until(lambda: held.running == 2)
    held.go.set()
    await worker.finished(GAMMA, "c")
    assert held.most == 2


async def test_a_new_job_wakes_a_worker_that_would_sleep_for_long(shop: Shop) -> None:
    worker = await shop.worker(Pace(idle_seconds=1e6))
    for number in range(5):
        await shop.add(f"job-{number}")
        await worker.finished(ACME, f"job-{number}")


async def test_a_job_that_fails_is_put_off_and_done_later(shop: Shop) -> None:
    worker = await shop.worker(PATIENT)
    shop.script.work["job"] = failing(StorageFull())
    await shop.add("job")
    with pytest.raises(StorageFull, match="kept and tried again by itself") as told:
        await worker.finished(ACME, "job")
    assert told.value.extensions == {"job_id": "job", "client_id": "acme"}
    with pytest.raises(Unavailable, match="tried again by itself") as waits:
        await worker.finished(ACME, "job")
    assert waits.value.retry_after == pytest.approx(1e6)
    shop.clock.time += 2e6
    await worker.finished(ACME, "job")
    assert len(shop.script.begun) == 2


async def test_the_pauses_grow_and_have_an_end() -> None:
    assert [Pace().pause_after(attempt) for attempt in range(1, 8)] == [1, 4, 16, 64, 256, 300, 300]


async def test_a_job_that_fails_each_time_is_given_up_with_the_reason(shop: Shop) -> None:
    worker = await shop.worker()
    shop.script.work["job"] = failing(*(DatabaseUnavailable() for _ in range(100)))
    await shop.add("job")
    await until(lambda: shop.script.given_up)
    ((job_id, reason),) = shop.script.given_up
    assert (job_id, len(shop.script.begun)) == ("job", 8)
    assert "8 attempts" in reason
    assert DatabaseUnavailable.title in reason
    await worker.finished(ACME, "job")


async def test_a_fault_while_giving_up_loses_neither_the_job_nor_the_worker(shop: Shop) -> None:
    worker = await shop.worker(Pace(most_attempts=1, idle_seconds=0.02, look_seconds=0.02, first_pause_seconds=0.0))
    shop.script.work["job"] = failing(*(StorageFull() for _ in range(100)))
    shop.script.give_up_fault = StorageFull()
    await shop.add("job")
    with pytest.raises(StorageFull):
        await worker.finished(ACME, "job")
    assert shop.script.given_up == []
    shop.clock.time += 100  # the lease that nobody could give back has run out
    worker.wake()
    await until(lambda: shop.script.given_up)


@pytest.mark.parametrize("fault", [RuntimeError("unexpected"), MemoryError(), KeyError("x"), AssertionError()])
async def test_an_unexpected_error_neither_ends_the_worker_nor_shows_its_text(shop: Shop, fault: Exception) -> None:
    worker = await shop.worker(PATIENT, slots=1)
    shop.script.work["bad"] = failing(fault)
    await shop.add("bad")
    with pytest.raises(Exception, match="Internal error: the upload is kept"):
        await worker.finished(ACME, "bad")
    await shop.add("good", BETA)
    await worker.finished(BETA, "good")


async def test_a_database_that_fails_in_any_call_of_the_worker_stops_it_for_a_moment_only(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await shop.worker(slots=1)
    for name in ("claim", "admin_earliest", "finish"):
        for fault in (DatabaseUnavailable(), RuntimeError("the pool is gone")):
            fail_once(monkeypatch, name, fault)
            job_id = await shop.add(f"{name}-{type(fault).__name__}")
            told = asyncio.create_task(worker.finished(ACME, job_id))
            while not told.done():
                shop.clock.time += 100  # a job whose end could not be noted is looked at when its lease has run out
                await asyncio.wait([told], timeout=0.01)
            await told


@pytest.mark.parametrize("name", ["finish", "release"])
async def test_an_end_that_could_not_be_written_is_written_long_before_the_lease_runs_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    worker = await shop.worker(SHORT)

    async def full(_lease: Lease) -> None:
        raise StorageFull

    if name == "release":
        shop.script.work["job"] = full
    fail_once(monkeypatch, name, StorageFull())
    await shop.add("job")  # no time passes for the lease
    if name == "release":
        with pytest.raises(StorageFull):
            await worker.finished(ACME, "job")
        row = await until_async(lambda: shop.row("job"), lambda row: row.state == jobs.QUEUED)
        assert row.attempts == 1
    else:
        await worker.finished(ACME, "job")
    assert shop.script.begun.count("job") == 1


async def test_a_job_of_a_task_that_nobody_knows_does_not_end_the_worker(shop: Shop) -> None:
    worker = await shop.worker(slots=1)
    await shop.database.write(insert_other_task)
    worker.wake()
    await shop.add("good")
    await worker.finished(ACME, "good")


async def test_a_lease_is_kept_for_as_long_as_the_work_takes(shop: Shop) -> None:
    held = Held()
    shop.script.work["job"] = held
    await shop.worker()
    await shop.add("job")
    await until(lambda: held.running)
    before = await lease_until(shop)
    shop.clock.time += 30
    await until_async(lambda: lease_until(shop), lambda until_now: until_now >= before + 30)
    held.go.set()


async def test_a_lease_that_ran_out_while_the_machine_slept_lets_nobody_do_the_job_twice(shop: Shop) -> None:
    held = Held()
    shop.script.work = dict.fromkeys(("job", "next"), held)
    worker = await shop.worker(Pace(idle_seconds=0.01, look_seconds=0.01, beat_seconds=1e6), slots=3)
    await shop.add("job")
    await shop.add("next")
    await until(lambda: held.running)
    shop.clock.time += 1000
    for _ in range(5):
        worker.wake()
        await shop.database.read(jobs.admin_find, "job")
        await asyncio.sleep(0)
    assert shop.script.begun == ["job"]
    held.go.set()
    await worker.finished(ACME, "next")
    assert (shop.script.begun, held.most) == (["job", "next"], 1)


async def test_who_has_lost_the_lease_stops(shop: Shop) -> None:
    held = Held()
    shop.script.work["job"] = held
    await shop.worker(slots=1)
    await shop.add("job")
    await until(lambda: held.running)
    await shop.database.write(jobs.admin_release_all, 1e9)  # another process takes everything
    await until(lambda: held.cancelled)
    await until(lambda: shop.script.begun == ["job", "job"])  # free, it is taken again


async def test_an_end_is_refused_to_whoever_has_lost_the_lease(shop: Shop) -> None:
    await shop.add("job")
    first = await shop.database.write(jobs.claim, "first", 2000.0, 10.0)
    second = await shop.database.write(jobs.claim, "second", 3000.0, 10.0)
    assert first is not None
    assert second is not None
    assert (first.attempt, second.attempt) == (1, 2)
    assert not await shop.database.write(jobs.extend, first, 9000.0)
    assert not await shop.database.write(jobs.release, first, 9000.0)
    assert not await shop.database.write(jobs.finish, first, 9000.0)
    assert await shop.database.write(jobs.finish, second, 9000.0)


async def test_a_stop_gives_back_what_is_being_done_and_counts_no_attempt(shop: Shop) -> None:
    held = Held()
    shop.script.work["job"] = held
    worker = await shop.worker()
    await shop.add("job")
    await until(lambda: held.running)
    waiting = asyncio.create_task(worker.finished(ACME, "job"))
    await asyncio.sleep(0)
    await worker.stop()
    with pytest.raises(Unavailable, match="stopping"):
        await waiting
    with pytest.raises(Unavailable, match="stopping"):
        await worker.finished(ACME, "job")
    row = await shop.row("job")
    assert (row.state, row.attempts, held.cancelled) == (jobs.QUEUED, 0, 1)
    held.go.set()
    await (await shop.worker()).finished(ACME, "job")


async def test_whoever_waits_does_not_hold_up_a_stop(shop: Shop) -> None:
    held, asked_to_stop = Held(), asyncio.Event()
    shop.script.work["job"] = held
    tasks = {"task": shop.script}
    worker = Worker(shop.database, tasks, pace=QUICK, clock=shop.clock, is_stopping=asked_to_stop.is_set)
    shop.workers.append(worker)
    await worker.start()
    await shop.add("job")
    waiting = asyncio.create_task(worker.finished(ACME, "job"))
    await until(lambda: held.running)
    asked_to_stop.set()
    with pytest.raises(Unavailable, match="stopping"):
        await waiting
    assert held.running == 1, "the work itself is ended by the stop"


async def test_a_stop_at_any_moment_ends_and_leaves_every_job_to_be_done(shop: Shop) -> None:
    for moment in range(30):
        worker = await shop.worker(slots=3)
        await shop.add(f"job-{moment}", (ACME, BETA, GAMMA)[moment % 3])
        for _ in range(moment):
            await asyncio.sleep(0)
        await asyncio.wait_for(worker.stop(), 10)
    assert await shop.database.read(count, "running") == 0
    worker = await shop.worker()
    for moment in range(30):
        await worker.finished((ACME, BETA, GAMMA)[moment % 3], f"job-{moment}")


async def test_a_stop_while_an_end_waits_to_be_written_lets_it_be_written(shop: Shop) -> None:
    worker, held, writer_free = await shop.worker(PATIENT), Held(), threading.Event()

    async def fail(lease: Lease) -> None:
        await held(lease)
        raise ValueError("broken")

    shop.script.work.update(done=held, failed=fail)
    await shop.add("done", ACME)
    await shop.add("failed", BETA)
    await until(lambda: held.running == 2)
    busy = asyncio.create_task(shop.database.write(lambda _connection: writer_free.wait(10)))
    held.go.set()
    await until(lambda: not held.running)
    await asyncio.sleep(0.01)  # both ends wait for the writer now
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0.01)
    writer_free.set()
    await asyncio.gather(busy, stopping)
    assert (await shop.row("done")).state == jobs.DONE
    failed = await shop.row("failed")
    assert (failed.state, failed.attempts) == (jobs.QUEUED, 1)


@pytest.mark.parametrize("busy", [True, False])
async def test_a_database_that_fails_does_not_hold_up_a_stop(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    worker, held = await shop.worker(), Held()
    if busy:
        shop.script.work["job"] = held
        await shop.add("job")
        await until(lambda: held.running)

    async def refuse(*_arguments: object, **_named: object) -> None:
        await asyncio.sleep(0.005)
        raise DatabaseUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(shop.database, "write", refuse)
        worker.wake()
        await asyncio.sleep(0.002)
        await asyncio.wait_for(worker.stop(), 5)


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_what_was_broken_off_is_done_before_what_came_later(shop: Shop, end: str) -> None:
    if end == "kill":
        await shop.add("first")
        assert await shop.database.write(jobs.claim, "a process that is gone", shop.clock.time, 60.0)
        await shop.add("second")
    else:
        held = Held()
        shop.script.work["first"] = held
        worker = await shop.worker()
        await shop.add("first")
        await until(lambda: held.running)
        await shop.add("second")
        await worker.stop()
        held.go.set()
    shop.clock.time += 50
    shop.script.begun.clear()
    worker = await shop.worker()
    await worker.finished(ACME, "second")
    assert shop.script.begun == ["first", "second"]


async def test_whoever_goes_away_leaves_nothing_behind(shop: Shop) -> None:
    held = Held()
    shop.script.work["job"] = held
    worker = await shop.worker()
    await shop.add("job")
    waiting = [asyncio.create_task(worker.finished(ACME, "job")) for _ in range(5)]
    await until(lambda: held.running)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(worker._waiting) == 0
    held.go.set()
    await worker.finished(ACME, "job")


async def test_whoever_waits_for_a_job_that_vanishes_is_told(shop: Shop) -> None:
    worker = await shop.worker(PATIENT)
    held = Held()
    shop.script.work["job"] = held
    await shop.add("job")
    waiting = asyncio.create_task(worker.finished(ACME, "job"))
    await until(lambda: held.running)
    await shop.database.write(delete_client, ACME)
    with pytest.raises(UploadCancelled):
        await waiting
    held.go.set()


async def test_a_cancelled_job_is_broken_off_given_up_and_done(shop: Shop) -> None:
    held = Held()
    shop.script.work["job"] = held
    worker = await shop.worker()
    await shop.add("job")
    waiting = asyncio.create_task(worker.finished(ACME, "job"))
    await until(lambda: held.running)
    await worker.cancel(ACME, "job")
    await waiting
    assert held.cancelled == 1
    assert [job_id for job_id, _ in shop.script.given_up] == ["job"]
    await shop.add("next")
    await worker.finished(ACME, "next")


async def test_another_clients_job_is_not_cancelled(shop: Shop) -> None:
    worker = await shop.worker()
    held = Held()
    shop.script.work["job"] = held
    await shop.add("job")
    await until(lambda: held.running)
    await worker.cancel(BETA, "job")
    assert held.running == 1
    held.go.set()
    await worker.finished(ACME, "job")


async def test_a_start_takes_up_what_a_dead_process_held_and_what_was_put_off(shop: Shop) -> None:
    await shop.add("held")
    await shop.add("put off", BETA)
    lease = await shop.database.write(jobs.claim, "dead", 2000.0, 1e9)
    other = await shop.database.write(jobs.claim, "dead", 2000.0, 1e9)
    assert lease is not None
    assert other is not None
    await shop.database.write(jobs.release, other, 1e9)
    worker = await shop.worker()
    await worker.finished(ACME, "held")
    await worker.finished(BETA, "put off")
    assert (await shop.row("held")).attempts == 2


def fail_once(monkeypatch: pytest.MonkeyPatch, name: str, fault: Exception) -> None:
    """The next call of a function of db/jobs fails."""
    real, left = getattr(jobs, name), [fault]

    def work(*arguments: object, **named: object) -> object:
        if left:
            raise left.pop()
        return real(*arguments, **named)

    monkeypatch.setattr(jobs, name, work)


def insert_other_task(connection: Connection) -> None:
    clients.create(connection, BETA, "model", 1.0)
    files = [JobFile(0, "a.txt", None)]
    jobs.insert_queued(connection, BETA, "other", "unknown", files, 1.0, new_client=False, key=None)


def count(connection: Connection, state: str) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM jobs WHERE state = ?", (state,)).scalar_one())


async def lease_until(shop: Shop) -> float:
    sql = "SELECT lease_until FROM jobs"
    return await shop.database.read(lambda connection: float(connection.exec_driver_sql(sql).scalar_one()))


async def until_async(look: Callable[[], Awaitable[T]], holds: Callable[[T], bool], most_looks: int = 2000) -> T:
    for _ in range(most_looks):
        seen = await look()
        if holds(seen):
            return seen
        await asyncio.sleep(0.002)
    raise AssertionError("it did not happen in time")
