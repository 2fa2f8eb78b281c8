"""The audit keeps what it is told, in its order, and forgets what is old."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from conversational_rag.db.audit import Entry, Filters, Recorded
from conversational_rag.db.engine import Connection, Database
from conversational_rag.errors import DatabaseUnavailable
from conversational_rag.services import audit as audits
from conversational_rag.services.audit import LEFT_OUT, Audit, record

DAY = 86_400.0
DELETED = Entry("keyofacme", "delete_document", "done", "manage", "acme", "doc_1", "192.0.2.1", 200, "r1")


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
def audit(database: Database, clock: Clock) -> Audit:
    return Audit(database, 90, clock)


async def everything(audit: Audit, filters: Filters | None = None) -> list[Recorded]:
    return [entry async for entries in audit.export(filters or Filters()) for entry in entries]


def refusal(number: int = 0, actor: str = "nobody", address: str = "192.0.2.1") -> Entry:
    return Entry(actor, "chat", "refused", address=address, status=401, request_id=f"r{number}")


async def test_an_entry_is_kept_as_it_was(audit: Audit, clock: Clock) -> None:
    await audit.note(DELETED)
    (kept,) = await everything(audit)
    assert (kept.entry, kept.timestamp) == (DELETED, clock.now)
    assert json.loads(json.dumps(record(kept))) == {
        "id": kept.id,
        "timestamp": clock.now,
        "actor": "keyofacme",
        "action": "delete_document",
        "outcome": "done",
        "scope": "manage",
        "client_id": "acme",
        "object": "doc_1",
        "address": "192.0.2.1",
        "status": 200,
        "request_id": "r1",
    }


async def test_pages_come_newest_first_without_gaps_also_while_entries_are_added(audit: Audit) -> None:
    for number in range(25):
        await audit.note(Entry("open", "ingest", object=f"job_{number}"))
    seen: list[str | None] = []
    before: int | None = None
    while True:
        page = await audit.list_page(Filters(), 10, before)
        seen += [each.entry.object for each in page.entries]
        await audit.note(Entry("open", "ingest", object="later"))
        if not page.more:
            break
        before = page.entries[-1].id
    assert seen == [f"job_{number}" for number in reversed(range(25))]


async def test_entries_are_found_by_client_actor_action_and_time(audit: Audit, clock: Clock) -> None:
    noon = clock.now
    for hour, (actor, action, client) in enumerate(
        [("a", "ingest", "acme"), ("a", "delete_document", "acme"), ("b", "ingest", "beta"), ("cli", "compact", None)]
    ):
        clock.now = noon + hour
        await audit.note(Entry(actor, action, client_id=client))

    async def found(**wanted: str | float) -> list[str]:
        filters = Filters(**wanted)  # type: ignore[arg-type]
        page = await audit.list_page(filters, 100)
        exported = await everything(audit, filters)
        assert exported == page.entries[::-1]
        return [f"{each.entry.actor} {each.entry.action}" for each in exported]

    assert await found(client_id="acme") == ["a ingest", "a delete_document"]
    assert await found(actor="cli") == ["cli compact"]
    assert await found(action="ingest") == ["a ingest", "b ingest"]
    assert await found(since=noon + 1, until=noon + 3) == ["a delete_document", "b ingest"]
    assert await found(actor="a", action="ingest", client_id="beta") == []


async def test_an_export_of_many_goes_slice_by_slice(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "_SLICE", 7)
    for number in range(30):
        await audit.note_command("compact", object_id=str(number))
    slices = [entries async for entries in audit.export(Filters())]
    assert [len(entries) for entries in slices] == [7, 7, 7, 7, 2]
    assert [each.entry.object for entries in slices for each in entries] == [str(number) for number in range(30)]


async def test_what_is_older_than_its_days_goes_in_slices_and_the_rest_stays(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "_SLICE", 7)
    audit, today = Audit(database, 1, clock), clock.now
    for age in (3.0, 2.0, 1.1):
        clock.now = today - age * DAY
        for _ in range(10):
            await audit.note(DELETED)
    clock.now = today - DAY + 1
    await audit.note(DELETED)
    clock.now = today
    assert await audit.cleanup() == 30
    assert len(await everything(audit)) == 1
    assert await audit.cleanup() == 0


async def test_the_youngest_that_may_go_never_meet_the_database_that_refuses(database: Database, clock: Clock) -> None:
    audit, today = Audit(database, 1, clock), clock.now
    for seconds in range(-30, 30):
        clock.now = today - DAY + seconds / 10
        await audit.note(DELETED)
    clock.now = today
    await audit.cleanup()


async def test_nothing_that_was_written_down_can_be_changed_or_taken_back_today(
    audit: Audit, database: Database
) -> None:
    await audit.note(DELETED)
    for statement in ("UPDATE audit SET actor = 'somebody else'", "DELETE FROM audit"):

        def tamper(connection: Connection, statement: str = statement) -> None:
            connection.execute(text(statement))

        with pytest.raises(IntegrityError, match="append-only"):
            await database.write(tamper)
    assert [each.entry for each in await everything(audit)] == [DELETED]


async def test_a_flood_of_refusals_is_a_few_entries_and_a_number(audit: Audit, clock: Clock) -> None:
    for number in range(500):
        await audit.note(refusal(number))
    await audit.note(DELETED)
    assert len(await everything(audit)) == 11
    clock.now += 60
    await audit.note(refusal(500))
    *_, left_out, last = await everything(audit)
    assert (left_out.entry.action, left_out.entry.object, left_out.entry.address) == (LEFT_OUT, "490", "192.0.2.1")
    assert (left_out.entry.actor, left_out.entry.outcome) == ("nobody", "refused")
    assert last.entry == refusal(500)


async def test_a_flood_that_has_ended_is_told_of_by_the_upkeep_or_at_the_end(audit: Audit, clock: Clock) -> None:
    for number in range(15):
        await audit.note(refusal(number))
    await audit.cleanup()
    assert len(await everything(audit)) == 10
    clock.now += 60
    await audit.cleanup()
    assert (await everything(audit))[-1].entry.object == "5"
    for number in range(15):
        await audit.note(refusal(number, actor="keyofacme"))
    await audit.close()
    last = (await everything(audit))[-1].entry
    assert (last.actor, last.action, last.object, last.address) == ("keyofacme", LEFT_OUT, "5", None)


async def test_a_key_is_one_origin_wherever_it_is_used_and_a_network_is_one_without_a_key(audit: Audit) -> None:
    for number in range(30):
        await audit.note(refusal(number, "keyofacme", f"192.0.2.{number}"))
        await audit.note(refusal(number, "nobody", f"2001:db8::{number}"))
    assert len(await everything(audit)) == 20


async def test_what_cannot_be_written_down_stands_in_the_log(
    audit: Audit, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose(*_: object) -> None:
        raise DatabaseUnavailable("The disk is gone.")

    monkeypatch.setattr(database, "write", lose)
    with capture_logs() as logs:
        await audit.note(DELETED)
    (line,) = logs
    assert (line["event"], line["log_level"], line["reason"]) == ("not_in_the_audit", "error", "The disk is gone.")
    assert "doc_1" in line["entries"][0]
