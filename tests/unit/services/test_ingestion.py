"""A file that has arrived becomes searchable, or its owner is told why not, whatever happens in between."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from waiting import until
from workshop import ACME, BETA, QUICK, Gate, GatedStore, Workshop

from conversational_rag.db import documents, stages
from conversational_rag.db.engine import Connection
from conversational_rag.errors import (
    DatabaseUnavailable,
    DocumentNotFound,
    IndexUnavailable,
    InternalError,
    StorageFull,
    UnreadableFile,
    UploadCancelled,
)


async def test_a_file_becomes_searchable_with_its_pages(workshop: Workshop) -> None:
    outcome = await workshop.store_file(ACME, "bridge.txt", "Grey bridge.\fRed tulips.\n\nBlue asters.")
    assert (outcome.status, outcome.pages, outcome.chunks) == ("ready", 2, 3)
    assert (await workshop.found(ACME, "bridge red tulips."))[0] == "Red tulips."
    content = await workshop.documents.content(ACME, str(outcome.document_id), 10, 0)
    assert [page.number for page in content.pages] == [1, 2]
    await workshop.assert_nothing_is_orphaned()


async def test_pages_without_text_make_it_partial(workshop: Workshop) -> None:
    outcome = await workshop.store_file(ACME, "half.txt", "Some words.\f \fMore words.")
    assert outcome.status == "partial"
    assert "1 of 3 pages" in str(outcome.error)


async def test_a_scan_is_empty_a_broken_file_has_failed_and_neither_stops_the_others(workshop: Workshop) -> None:
    workshop.reader.faults = [UnreadableFile()]
    job = await workshop.ended(await workshop.send(ACME, ("broken.txt", "x"), ("scan.txt", " "), ("good.txt", "Good.")))
    assert [(file.status, file.code) for file in job.files] == [
        ("failed", "unreadable_file"),
        ("empty", "no_text_found"),
        ("ready", None),
    ]
    assert job.state == "partial"
    assert await workshop.found(ACME, "good.") == ["Good."]
    await workshop.assert_nothing_is_orphaned()


async def test_the_same_bytes_are_not_stored_twice(workshop: Workshop) -> None:
    first = await workshop.store_file(ACME, "a.txt", "The same words.")
    again = await workshop.store_file(ACME, "a.txt", "The same words.")
    renamed = await workshop.store_file(ACME, "b.txt", "The same words.")
    assert [again.status, renamed.status] == ["unchanged", "unchanged"]
    assert again.document_id == renamed.document_id == first.document_id
    await workshop.assert_nothing_is_orphaned()


async def test_the_same_bytes_twice_in_one_upload_are_one_document(workshop: Workshop) -> None:
    job = await workshop.ended(await workshop.send(ACME, ("a.txt", "Same."), ("b.txt", "Same."), ("a.txt", "Same.")))
    assert [file.status for file in job.files] == ["ready", "unchanged", "unchanged"]
    assert len(await workshop.rows()) == 1
    await workshop.assert_nothing_is_orphaned()


async def test_the_same_bytes_in_uploads_at_once_are_one_document(workshop: Workshop) -> None:
    accepted = await asyncio.gather(*(workshop.send(ACME, ("a.txt", "The same words.")) for _ in range(8)))
    ended = await asyncio.gather(*(workshop.ended(each) for each in accepted))
    assert sorted(job.files[0].status for job in ended) == ["ready"] + ["unchanged"] * 7
    await workshop.assert_nothing_is_orphaned()


async def test_versions_of_one_name_in_uploads_at_once_leave_the_last_that_came(workshop: Workshop) -> None:
    accepted = [await workshop.send(ACME, ("a.txt", f"Version number {n}.")) for n in range(6)]
    await asyncio.gather(*(workshop.ended(each) for each in accepted))
    (row,) = await workshop.rows()
    assert await workshop.found(ACME, "version number") == ["Version number 5."]
    assert row.status == "ready"
    await workshop.assert_nothing_is_orphaned()


async def test_the_former_version_answers_until_the_new_one_is_ready(workshop: Workshop) -> None:
    await workshop.store_file(ACME, "a.txt", "The old words.")
    workshop.pool.gate.shut()
    accepted = await workshop.send(ACME, ("a.txt", "The new words."))
    workshop.worker.wake()
    await workshop.pool.gate.reached.wait()
    assert await workshop.found(ACME, "words.") == ["The old words."]
    workshop.pool.gate.open.set()
    await workshop.ended(accepted)
    assert await workshop.found(ACME, "words.") == ["The new words."]
    await workshop.assert_nothing_is_orphaned()


async def test_a_name_never_goes_on_showing_what_was_replaced_by_bytes_known_under_another_name(
    workshop: Workshop,
) -> None:
    await workshop.store_file(ACME, "a.txt", "The old words.")
    await workshop.store_file(ACME, "b.txt", "The new words.")
    assert (await workshop.store_file(ACME, "a.txt", "The new words.")).status == "ready"
    assert await workshop.found(ACME, "words.") == ["The new words."]
    await workshop.assert_nothing_is_orphaned()


async def test_an_older_version_that_was_put_off_gives_way_to_the_newer_one(tmp_path: Path) -> None:
    workshop = await Workshop(tmp_path).open(work=False)
    older = await workshop.send(ACME, ("a.txt", "The old words."))
    newer = await workshop.send(ACME, ("a.txt", "The new words."))
    await workshop.database.write(put_off, older.job_id)
    await workshop.worker.start()
    assert (await workshop.ended(newer)).files[0].status == "ready"
    await workshop.database.write(make_due, older.job_id)
    assert (await workshop.ended(older)).files[0].code == "superseded"
    assert await workshop.found(ACME, "words.") == ["The new words."]
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_a_new_upload_takes_the_place_of_a_former_failure_of_its_name(workshop: Workshop) -> None:
    workshop.reader.faults = [UnreadableFile(), UnreadableFile()]
    for _ in range(2):
        assert (await workshop.store_file(ACME, "a.txt", "Words.")).status == "failed"
    assert [row.status for row in await workshop.rows()] == ["failed"]
    assert (await workshop.store_file(ACME, "a.txt", "Words.")).status == "ready"
    assert [row.status for row in await workshop.rows()] == ["ready"]
    await workshop.assert_nothing_is_orphaned()


async def test_a_passing_fault_is_tried_again_and_not_held_against_the_file(workshop: Workshop) -> None:
    workshop.pool.faults = [StorageFull() for _ in range(6)]
    assert (await workshop.store_file(ACME, "a.txt", "Words.")).status == "ready"
    await workshop.assert_nothing_is_orphaned()


async def test_a_file_that_fails_for_no_reason_each_time_fails_alone(workshop: Workshop) -> None:
    workshop.reader.faults = [InternalError() for _ in range(3)]
    job = await workshop.ended(await workshop.send(ACME, ("bad.txt", "Bad."), ("good.txt", "Good.")))
    assert [(file.status, file.code) for file in job.files] == [("failed", "reading_given_up"), ("ready", None)]
    await workshop.assert_nothing_is_orphaned()


async def test_an_outage_that_does_not_end_fails_the_upload_with_its_reason(workshop: Workshop) -> None:
    workshop.pool.faults = [StorageFull() for _ in range(100)]
    outcome = await workshop.store_file(ACME, "a.txt", "Words.")
    assert (outcome.status, outcome.code) == ("failed", "reading_given_up")
    assert "The disk is full" in str(outcome.error)
    await workshop.assert_nothing_is_orphaned()


async def test_an_upload_whose_file_was_lost_fails_at_once_and_says_so(idle: Workshop) -> None:
    accepted = await idle.send(ACME, ("a.txt", "Words."))
    idle.folder.path((await idle.rows())[0].id).unlink()
    await idle.worker.start()
    outcome = (await idle.ended(accepted)).files[0]
    assert outcome.status == "failed"
    assert "not on the server's disk any more" in str(outcome.error)
    assert len(idle.reader.read_names) == 1, "it is not tried again"


async def test_a_file_that_was_being_read_when_the_service_broke_down_three_times_is_given_up(tmp_path: Path) -> None:
    workshop = await Workshop(tmp_path).open(work=False)
    accepted = await workshop.send(ACME, ("a.txt", "Words."))
    (row,) = await workshop.rows()
    for _ in range(3):
        await workshop.database.write(stages.begin, ACME, row.id)
    await workshop.worker.start()
    assert (await workshop.ended(accepted)).files[0].code == "reading_given_up"
    assert workshop.reader.read_names == []
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


# Deleted while it is on its way.

GATES = ["reader", "pool", "store"]


def gate_of(workshop: Workshop, name: str) -> Gate:
    part: Gate = getattr(workshop, name).gate
    part.shut()
    return part


@pytest.mark.parametrize("where", GATES)
async def test_a_document_deleted_on_its_way_is_gone_and_the_job_ends(workshop: Workshop, where: str) -> None:
    gate = gate_of(workshop, where)
    accepted = await workshop.send(ACME, ("a.txt", "Words."), ("b.txt", "Others."))
    workshop.worker.wake()
    await gate.reached.wait()
    deleted = (await workshop.rows())[0]
    removing = asyncio.create_task(workshop.documents.delete(ACME, deleted.id))
    await asyncio.sleep(0)
    if where != "store":  # where the client's lock is held, the deletion waits for it
        await removing
    gate.open.set()
    assert (await removing).document.id == deleted.id
    job = await workshop.ended(accepted)
    assert job.files[1].status == "ready"
    assert job.files[0].code == (None if where == "store" else "upload_cancelled")
    with pytest.raises(DocumentNotFound):
        await workshop.documents.find(ACME, deleted.id)
    assert await workshop.found(ACME, "words.") == ["Others."]
    await workshop.assert_nothing_is_orphaned()


@pytest.mark.parametrize("where", GATES)
async def test_a_client_deleted_while_its_upload_is_on_its_way_is_gone(workshop: Workshop, where: str) -> None:
    gate = gate_of(workshop, where)
    accepted = await workshop.send(ACME, ("a.txt", "Words."), ("b.txt", "Others."))
    waiting = asyncio.create_task(workshop.worker.finished(ACME, accepted.job_id))
    await gate.reached.wait()
    removing = asyncio.create_task(workshop.clients.delete(ACME))
    await until(lambda: removing.done() or where == "store")
    gate.open.set()
    await removing
    with pytest.raises(UploadCancelled):
        await waiting
    await until(lambda: not workshop.worker._running)
    assert await workshop.query("SELECT id FROM documents") == []
    assert workshop.folder.names() == set()
    assert workshop.store.collections == {}
    assert (await workshop.store_file(ACME, "a.txt", "Words.")).status == "ready"
    await workshop.assert_nothing_is_orphaned()


async def test_whoever_waits_for_an_upload_of_a_client_that_is_deleted_before_its_turn_is_told(idle: Workshop) -> None:
    accepted = await idle.send(ACME, ("a.txt", "Words."))
    waiting = asyncio.create_task(idle.worker.finished(ACME, accepted.job_id))
    await asyncio.sleep(0)
    await idle.clients.delete(ACME)
    with pytest.raises(UploadCancelled):
        await waiting


# Cancelled where it is.


@pytest.mark.parametrize("where", GATES)
async def test_a_cancelled_upload_keeps_what_was_stored_and_leaves_nothing_of_the_rest(
    workshop: Workshop, where: str
) -> None:
    await workshop.store_file(ACME, "kept.txt", "Kept words.")
    gate = gate_of(workshop, where)
    accepted = await workshop.send(ACME, ("a.txt", "First words."), ("b.txt", "Second words."))
    waiting = asyncio.create_task(workshop.worker.finished(ACME, accepted.job_id))
    await gate.reached.wait()
    await workshop.worker.cancel(ACME, accepted.job_id)
    await waiting
    gate.open.set()
    job = await workshop.jobs.find(ACME, accepted.job_id)
    assert job.state == "failed"
    assert [file.code for file in job.files] == ["upload_cancelled"] * 2
    assert set(await workshop.found(ACME, "words.")) == {"Kept words."}
    await workshop.assert_nothing_is_orphaned()
    assert (await workshop.store_file(ACME, "a.txt", "First words.")).status == "ready"


async def test_an_upload_is_cancelled_before_its_turn_and_between_two_attempts(idle: Workshop) -> None:
    queued = await idle.send(ACME, ("a.txt", "Words."))
    put_off_one = await idle.send(BETA, ("b.txt", "Words."))
    await idle.database.write(put_off, put_off_one.job_id)
    for accepted in (queued, put_off_one):
        await idle.worker.cancel(accepted.tenant, accepted.job_id)
        assert (await idle.jobs.find(accepted.tenant, accepted.job_id)).state == "failed"
    await idle.worker.start()
    await idle.assert_nothing_is_orphaned()
    assert idle.reader.read_names == []


async def test_cancelling_what_has_ended_changes_nothing(workshop: Workshop) -> None:
    accepted = await workshop.send(ACME, ("a.txt", "Words."))
    await workshop.ended(accepted)
    await workshop.worker.cancel(ACME, accepted.job_id)
    assert (await workshop.jobs.find(ACME, accepted.job_id)).state == "ready"


# Broken off on the way into the index.


@pytest.mark.parametrize("fault", [RuntimeError("broken"), StorageFull(), asyncio.CancelledError()])
async def test_an_indexing_that_breaks_off_is_ended_without_reading_the_file_again(
    workshop: Workshop, fault: BaseException
) -> None:
    await workshop.store_file(ACME, "a.txt", "The old words.")
    workshop.store.add_faults = [fault]
    accepted = await workshop.send(ACME, ("a.txt", "The new words."))
    if isinstance(fault, asyncio.CancelledError):
        workshop = await broken_off(workshop)
    assert (await workshop.ended(accepted)).files[0].status == "ready"
    assert workshop.reader.read_names.count("a.txt") <= 2
    assert await workshop.found(ACME, "words.") == ["The new words."]
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_a_database_that_fails_when_a_document_is_shown_leaves_no_vector_behind(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await workshop.store_file(ACME, "kept.txt", "Kept words.")
    fail_once(monkeypatch, "publish", DatabaseUnavailable())
    accepted = await workshop.send(ACME, ("a.txt", "New words."))
    assert (await workshop.ended(accepted)).files[0].status == "ready"
    assert set(await workshop.found(ACME, "words.")) == {"Kept words.", "New words."}
    await workshop.assert_nothing_is_orphaned()


async def test_a_cancelled_document_that_was_half_shown_leaves_no_vector_behind(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.reader.faults = []
    monkeypatch.setattr(documents, "publish", always(DatabaseUnavailable()))
    accepted = await workshop.send(ACME, ("a.txt", "New words."))
    workshop.worker.wake()
    await until(lambda: workshop.index.stale_clients)
    await workshop.rebuild_all()
    await workshop.worker.cancel(ACME, accepted.job_id)
    assert (await workshop.jobs.find(ACME, accepted.job_id)).state == "failed"
    await workshop.assert_nothing_is_orphaned()


async def test_a_store_that_is_down_delays_nothing_but_the_index(workshop: Workshop) -> None:
    workshop.store.fault = IndexUnavailable()
    assert (await workshop.store_file(ACME, "a.txt", "Words.")).status == "ready"
    assert await workshop.found(ACME, "words.") == ["Words."]
    workshop.store.fault = None
    await workshop.assert_nothing_is_orphaned()


async def test_a_replaced_version_that_could_not_be_removed_is_removed_by_the_upkeep(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await workshop.store_file(ACME, "a.txt", "The old words.")
    fail_once(monkeypatch, "delete_rows", StorageFull(), when=lambda ids: bool(ids))
    await workshop.store_file(ACME, "a.txt", "The new words.")
    assert len(await workshop.query("SELECT id FROM documents")) == 2
    await workshop.withdrawal.finish_all()
    await workshop.assert_nothing_is_orphaned()


async def test_a_deletion_that_broke_off_is_completed_by_the_upkeep(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await workshop.store_file(ACME, "kept.txt", "Kept words.")
    outcome = await workshop.store_file(ACME, "a.txt", "Words.")
    fail_once(monkeypatch, "delete_rows", StorageFull(), when=lambda ids: bool(ids))
    with pytest.raises(StorageFull):
        await workshop.documents.delete(ACME, str(outcome.document_id))
    assert await workshop.found(ACME, "words.") == ["Kept words."]
    await workshop.withdrawal.finish_all()
    await workshop.assert_nothing_is_orphaned()


# After a crash, whatever was written last.


@pytest.mark.parametrize("where", GATES)
async def test_after_a_crash_the_upload_ends_by_itself(tmp_path: Path, where: str) -> None:
    before = await Workshop(tmp_path).open()
    await before.store_file(ACME, "a.txt", "The old words.")
    gate = gate_of(before, where)
    accepted = await before.send(ACME, ("a.txt", "The new words."), ("b.txt", "Others."))
    before.worker.wake()
    await gate.reached.wait()
    after = await before.restarted()
    job = await after.ended(accepted)
    assert [file.status for file in job.files] == ["ready", "ready"]
    assert set(await after.found(ACME, "words. others.")) == {"The new words.", "Others."}
    await after.assert_nothing_is_orphaned()
    await after.close()


@pytest.mark.parametrize("status", ["queued", "parsing", "embedding", "indexing", "ready"])
async def test_every_state_that_a_crash_can_leave_is_taken_up(tmp_path: Path, status: str) -> None:
    before = await Workshop(tmp_path, GatedStore(), QUICK).open(work=False)
    accepted = await before.send(ACME, ("a.txt", "Words."))
    if status != "queued":
        await before.worker.start()
        await before.ended(accepted)
        await before.worker.stop()
        await before.database.write(set_back, accepted.job_id, status)
    after = await before.restarted()
    assert (await after.ended(accepted)).files[0].status == "ready"
    assert await after.found(ACME, "words.") == ["Words."]
    await after.assert_nothing_is_orphaned()
    await after.close()


async def test_files_of_no_document_and_of_failed_ones_are_cleared_at_the_start(idle: Workshop) -> None:
    await idle.send(ACME, ("a.txt", "Words."))
    (row,) = await idle.rows()
    stray = await idle.received("b.txt", "Received, never accepted.")
    await idle.database.write(stages.fail, ACME, row.id, "failed", "code", "A crash came before its file was removed.")
    assert idle.folder.names() == {row.id, stray.document_id}
    after = await idle.restarted()
    assert after.folder.names() == set()
    await after.close()


async def test_a_stop_gives_the_job_back_uncounted(tmp_path: Path) -> None:
    before = await Workshop(tmp_path).open()
    before.pool.gate.shut()
    accepted = await before.send(ACME, ("a.txt", "Words."))
    before.worker.wake()
    await before.pool.gate.reached.wait()
    await before.worker.stop()
    assert await before.query("SELECT state, attempts FROM jobs") == [("queued", 0)]
    assert await before.query("SELECT attempts FROM documents") == [(0,)]
    assert before.ingestion.progress == {}
    after = await before.restarted()
    assert (await after.ended(accepted)).files[0].status == "ready"
    await after.assert_nothing_is_orphaned()
    await after.close()


async def broken_off(workshop: Workshop) -> Workshop:
    """The worker's task was cancelled in the middle of an add, as by a stop; the service starts again."""
    workshop.worker.wake()
    await until(lambda: not workshop.store.add_faults)
    await workshop.worker.stop()
    return await workshop.restarted()


def fail_once(monkeypatch, name, error, when=lambda _ids: True):  # type: ignore[no-untyped-def]
    """The next call of a function of db/documents fails."""
    real, left = getattr(documents, name), [error]

    def failing(connection, tenant, argument, *more):  # type: ignore[no-untyped-def]
        if left and when(argument):
            raise left.pop()
        return real(connection, tenant, argument, *more)

    monkeypatch.setattr(documents, name, failing)


def always(error: Exception):  # type: ignore[no-untyped-def]
    def failing(*_arguments: object) -> None:
        raise error

    return failing


def put_off(connection: Connection, job_id: str) -> None:
    connection.execute(text("UPDATE jobs SET run_after = 1e12, attempts = 1 WHERE id = :id"), {"id": job_id})


def make_due(connection: Connection, job_id: str) -> None:
    connection.execute(text("UPDATE jobs SET run_after = 0 WHERE id = :id"), {"id": job_id})


def set_back(connection: Connection, job_id: str, status: str) -> None:
    """As a crash leaves it right after the write that reached this status."""
    connection.execute(text("UPDATE jobs SET state = 'running', lease_until = 1e12, owner = 'dead'"))
    connection.execute(text("UPDATE job_files SET outcome = NULL"))
    connection.execute(text("UPDATE documents SET status = :status"), {"status": status})
    if status == "parsing":
        connection.execute(text("DELETE FROM chunks"))
        connection.execute(text("DELETE FROM pages"))
    connection.execute(text("UPDATE clients SET index_dirty = 1"))
