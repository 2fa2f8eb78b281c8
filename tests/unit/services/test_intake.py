"""Files that have arrived become documents and a job together, or leave nothing."""

import asyncio
from dataclasses import replace

import pytest
from workshop import ACME, SPLITTING, Workshop

from conversational_rag.db import clients, jobs
from conversational_rag.errors import (
    ClientNotFound,
    FileTooLarge,
    KeyReused,
    NothingStored,
    StorageFull,
    Unavailable,
)


async def test_document_job_and_file_are_there_before_anybody_is_told(idle: Workshop) -> None:
    accepted = await idle.send(None, ("a.txt", "Words."), ("b.txt", "Others."))
    assert accepted.created
    rows = await idle.rows(accepted.tenant)
    assert [(row.filename, row.status) for row in rows] == [("a.txt", "queued"), ("b.txt", "queued")]
    assert idle.folder.names() == {row.id for row in rows}
    assert (await idle.jobs.find(accepted.tenant, accepted.job_id)).state == "queued"


async def test_a_refused_file_is_told_with_the_others_and_not_kept(idle: Workshop) -> None:
    accepted = await idle.send(ACME, ("large.txt", "x" * 1001), ("a.txt", "Words."))
    (row,) = await idle.rows()
    assert idle.folder.names() == {row.id}
    files = (await idle.jobs.find(ACME, accepted.job_id)).files
    assert [(file.status, file.code) for file in files] == [("failed", "file_too_large"), ("queued", None)]


async def test_an_upload_of_which_nothing_can_be_taken_leaves_nothing(idle: Workshop) -> None:
    with pytest.raises(FileTooLarge):
        await idle.send(None, ("large.txt", "x" * 1001))
    with pytest.raises(NothingStored) as refused:
        await idle.send(None, ("large.txt", "x" * 1001), ("", "Words."))
    assert len(refused.value.extensions["documents"]) == 2
    assert idle.folder.names() == set()
    assert await idle.query("SELECT client_id FROM clients") == []


async def test_two_files_of_one_name_are_not_silently_one(idle: Workshop) -> None:
    accepted = await idle.send(ACME, ("a.txt", "One."), ("a.txt", "Another."))
    files = (await idle.jobs.find(ACME, accepted.job_id)).files
    assert [file.status for file in files] == ["queued", "failed"]
    assert "rename one of the two" in str(files[1].error)
    assert len(idle.folder.names()) == 1


async def test_the_same_key_gives_the_same_job_and_keeps_no_second_file(idle: Workshop) -> None:
    sent = await asyncio.gather(*(idle.send(ACME, ("a.txt", "Words."), key="k") for _ in range(5)))
    assert len({accepted.job_id for accepted in sent}) == 1
    assert len(await idle.rows()) == 1
    assert len(idle.folder.names()) == 1


async def test_a_key_without_a_client_gives_the_client_that_the_first_upload_made(idle: Workshop) -> None:
    first = await idle.send(None, ("a.txt", "Words."), key="k")
    assert await idle.send(None, ("a.txt", "Words."), key="k") == replace(first, repeated=True)


@pytest.mark.parametrize("files", [[("a.txt", "Other.")], [("b.txt", "Words.")], [("a.txt", "Words."), ("b.txt", "x")]])
async def test_a_key_is_refused_for_another_request(idle: Workshop, files: list[tuple[str, str]]) -> None:
    await idle.send(ACME, ("a.txt", "Words."), key="k")
    with pytest.raises(KeyReused):
        await idle.send(ACME, *files, key="k")
    assert len(idle.folder.names()) == 1


async def test_a_transaction_that_fails_leaves_neither_rows_nor_files(
    idle: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_arguments: object, **_more: object) -> None:
        raise StorageFull

    monkeypatch.setattr(jobs, "insert_queued", failing)
    with pytest.raises(StorageFull):
        await idle.send(ACME, ("a.txt", "Words."))
    assert idle.folder.names() == set()
    assert await idle.query("SELECT client_id FROM clients") == []
    assert await idle.query("SELECT id FROM documents") == []


async def test_whoever_goes_away_leaves_all_of_the_upload_or_nothing(idle: Workshop) -> None:
    for moment in range(40):
        upload = await idle.received(f"{moment}.txt", f"Words number {moment}.")
        accepting = asyncio.create_task(idle.intake.accept(ACME, [upload], SPLITTING))
        for _ in range(1 + moment % 20):
            await asyncio.sleep(0)
        if moment >= 20:
            await idle.database.read(lambda _connection: None)
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
    await idle.database.write(lambda _connection: None)
    await idle.folder.discard([])
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.gather(*others, return_exceptions=True)
    rows = await idle.rows()
    assert idle.folder.names() == {row.id for row in rows}
    assert len(await idle.query("SELECT id FROM jobs")) == len(rows)
    await idle.worker.start()
    for job_id in [str(row[0]) for row in await idle.query("SELECT id FROM jobs")]:
        await idle.worker.finished(ACME, job_id)
    await idle.assert_nothing_is_orphaned()


async def test_a_client_that_is_being_deleted_takes_no_upload(idle: Workshop) -> None:
    await idle.send(ACME, ("a.txt", "Words."))
    await idle.database.write(clients.mark_deleting, ACME)
    with pytest.raises(Unavailable, match="being deleted"):
        await idle.send(ACME, ("b.txt", "Words."))
    assert len(idle.folder.names()) == 1


async def test_an_upload_that_left_nothing_leaves_no_client(workshop: Workshop) -> None:
    accepted = await workshop.send(ACME, ("scan.txt", " "))
    await workshop.ended(accepted)
    await workshop.clients.delete_if_empty(ACME)
    with pytest.raises(ClientNotFound):
        await workshop.clients.require_searchable(ACME)


async def test_a_client_into_which_somebody_else_uploads_meanwhile_stays(idle: Workshop) -> None:
    failed = await idle.send(ACME, ("scan.txt", " "))
    await idle.worker.cancel(ACME, failed.job_id)
    other = await idle.send(ACME, ("a.txt", "Words."))
    await idle.clients.delete_if_empty(ACME)
    await idle.worker.start()
    assert (await idle.ended(other)).state == "ready"
    await idle.clients.delete_if_empty(ACME)
    assert await idle.found(ACME, "words.") == ["Words."]
