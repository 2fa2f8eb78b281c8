"""The small files of one upload are taken in together, and each of them ends as it would have by itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event
from waiting import until
from workshop import ACME, Gate, GatedPool, GatedStore, PlainReader, Workshop

from conversational_rag.db import documents
from conversational_rag.db.engine import Connection
from conversational_rag.errors import InternalError, StorageFull
from conversational_rag.services import ingestion

GATES = ["reader", "pool", "store"]
NOTES = [(f"{number:02}.txt", f"Note number{number}.") for number in range(12)]


class CountingStore(GatedStore):
    """Tells how many vectors came with each addition."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[int] = []
        self.named: list[str] = []

    async def add(self, tenant, ids, vectors, metadata) -> None:  # type: ignore[no-untyped-def]
        self.added.append(len(ids))
        self.named += [str(each["document_id"]) for each in metadata]
        await super().add(tenant, ids, vectors, metadata)


class CountingPool(GatedPool):
    """Tells how many texts were embedded in each call."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[int] = []

    async def embed_passages(self, texts, on_progress=None):  # type: ignore[no-untyped-def]
        self.embedded.append(len(texts))
        return await super().embed_passages(texts, on_progress)


class DeadlyPool(GatedPool):
    """A text with the word `deadly` in it takes the service down: it is never heard of again, but `died` tells."""

    def __init__(self) -> None:
        super().__init__()
        self.died = asyncio.Event()

    async def embed_passages(self, texts, on_progress=None):  # type: ignore[no-untyped-def]
        if any("deadly" in each for each in texts):
            self.died.set()
            await asyncio.Event().wait()
        return await super().embed_passages(texts, on_progress)


class HangingReader(PlainReader):
    """Reads until it comes to `slow.txt`, which waits for a gate of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = Gate()
        self.slow.shut()

    async def read(self, path, filename, chunk_size, chunk_overlap):  # type: ignore[no-untyped-def]
        if filename == "slow.txt":
            await self.slow.passed()
        return await super().read(path, filename, chunk_size, chunk_overlap)


class ReaderWithFaults(PlainReader):
    """Certain files raise what is said of them, once."""

    def __init__(self, **faults: BaseException) -> None:
        super().__init__()
        self.of = faults

    async def read(self, path, filename, chunk_size, chunk_overlap):  # type: ignore[no-untyped-def]
        fault = self.of.pop(filename.partition(".")[0], None)
        if fault is not None:
            raise fault
        return await super().read(path, filename, chunk_size, chunk_overlap)


async def opened(folder: Path, **parts: object) -> Workshop:
    """A workshop with other parts than the usual ones; its worker has not been started."""
    workshop = Workshop(folder, store=parts.pop("store", None))  # type: ignore[arg-type]
    for name, part in parts.items():
        setattr(workshop, name, part)
        setattr(workshop.ingestion, f"_{name}", part)
    return await workshop.open(work=False)


async def crashed(workshop: Workshop) -> None:
    """Whatever it was doing, nothing more of it reaches the disk."""
    await workshop.database.close()
    while not all(serving.done() for serving in workshop.worker._serving):
        for serving in workshop.worker._serving:
            serving.cancel()
        await asyncio.sleep(0)
    await workshop.pool.close()


def paragraphs(count: int, word: str) -> str:
    return "\n\n".join(f"{word}{number}" for number in range(count))


async def eventually(workshop: Workshop, wanted: list[str]) -> bool:
    """Whether the documents come to stand like this."""
    for _ in range(10_000):
        if await statuses(workshop) == wanted:
            return True
    return False


async def statuses(workshop: Workshop) -> list[str]:
    return [row.status for row in await workshop.rows()]


# What is shared.


async def test_small_files_are_embedded_and_indexed_together(tmp_path: Path) -> None:
    workshop = await opened(tmp_path, store=CountingStore(), pool=CountingPool())
    accepted = await workshop.send(ACME, *NOTES)
    await workshop.worker.start()
    job = await workshop.ended(accepted)
    assert [(file.status, file.chunks) for file in job.files] == [("ready", 1)] * 12
    assert workshop.store.added == workshop.pool.embedded == [12]
    assert sorted(workshop.store.named) == sorted(str(file.document_id) for file in job.files)
    for number in (0, 7, 11):
        assert (await workshop.found(ACME, f"number{number}."))[0] == f"Note number{number}."
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_small_files_share_their_commits(tmp_path: Path) -> None:
    workshop = await opened(tmp_path)
    accepted = await workshop.send(ACME, *NOTES)
    commits = list[Connection]()
    event.listen(workshop.database._writer.engine, "commit", commits.append)
    await workshop.worker.start()
    await workshop.ended(accepted)
    assert len(commits) < 2 * len(NOTES), "the worker and the job have some of their own"
    await workshop.close()


async def test_an_upload_of_many_small_files_goes_sixteen_by_sixteen(tmp_path: Path) -> None:
    workshop = await opened(tmp_path, store=CountingStore())
    accepted = await workshop.send(ACME, *((f"{n:02}.txt", f"Note number{n}.") for n in range(35)))
    await workshop.worker.start()
    job = await workshop.ended(accepted)
    assert {file.status for file in job.files} == {"ready"}
    assert workshop.store.added == [16, 16, 3]
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_together_they_are_no_more_than_a_larger_file_embeds_at_once(tmp_path: Path) -> None:
    workshop = await opened(tmp_path, store=CountingStore(), pool=CountingPool())
    accepted = await workshop.send(ACME, *((f"{n}.txt", paragraphs(25, f"file{n}x")) for n in range(5)))
    await workshop.worker.start()
    await workshop.ended(accepted)
    assert workshop.store.added == workshop.pool.embedded == [50, 50, 25]
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_a_larger_file_is_taken_in_by_itself_once_those_before_it_can_be_found(tmp_path: Path) -> None:
    workshop = await opened(tmp_path, store=CountingStore(), pool=CountingPool())
    files = [("a.txt", "Before it."), ("book.txt", paragraphs(70, "page")), ("c.txt", "Behind it."), ("d.txt", "Last.")]
    accepted = await workshop.send(ACME, *files)
    await workshop.worker.start()
    job = await workshop.ended(accepted)
    assert [file.chunks for file in job.files] == [1, 70, 1, 1]
    assert workshop.pool.embedded == [1, 64, 6, 2]
    assert workshop.store.added == [1, 70, 2]
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_small_files_wait_for_a_slow_one_behind_them_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingestion, "_PATIENCE_SECONDS", 0.0)
    workshop = await opened(tmp_path, reader=HangingReader())
    accepted = await workshop.send(ACME, ("a.txt", "Words of a."), ("b.txt", "Words of b."), ("slow.txt", "Slow."))
    await workshop.worker.start()
    await workshop.reader.slow.reached.wait()
    assert await eventually(workshop, ["ready", "ready", "parsing"])
    workshop.reader.slow.open.set()
    assert [file.status for file in (await workshop.ended(accepted)).files] == ["ready"] * 3
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


# What stays each one's own.


async def test_one_that_is_gone_when_the_others_are_shown_falls_out_alone(tmp_path: Path) -> None:
    workshop = await opened(tmp_path)
    workshop.store.gate.shut()
    accepted = await workshop.send(ACME, *NOTES[:3])
    gone = (await workshop.rows())[1].id
    await workshop.worker.start()
    await workshop.store.gate.reached.wait()
    await workshop.database.write(documents.delete_rows, ACME, [gone])
    await workshop.folder.discard([gone])
    workshop.store.gate.open.set()
    job = await workshop.ended(accepted)
    assert [file.code for file in job.files] == [None, "upload_cancelled", None]
    assert "Note number1." not in await workshop.found(ACME, "note number1.")
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_one_that_came_too_late_gives_way_alone(tmp_path: Path) -> None:
    workshop = await opened(tmp_path)
    workshop.pool.gate.shut()
    accepted = await workshop.send(ACME, ("a.txt", "The old words."), ("b.txt", "Others."))
    await workshop.worker.start()
    await workshop.pool.gate.reached.wait()
    newer = await workshop.received("a.txt", "The new words.")
    row = documents.NewDocument(newer.document_id, "a.txt", newer.sha256, "txt", 14, 1, 14, 1000, 200, 1e12)
    await workshop.database.write(documents.insert_new, ACME, row, documents.READY)
    workshop.pool.gate.open.set()
    job = await workshop.ended(accepted)
    assert [file.code for file in job.files] == ["superseded", None]
    assert await workshop.found(ACME, "words. others.") == ["Others."]
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


async def test_bytes_that_one_of_them_replaces_under_its_name_are_stored_under_another(workshop: Workshop) -> None:
    await workshop.store_file(ACME, "a.txt", "The former words.")
    job = await workshop.ended(await workshop.send(ACME, ("a.txt", "The new words."), ("b.txt", "The former words.")))
    assert [file.status for file in job.files] == ["ready", "ready"]
    assert set(await workshop.found(ACME, "words.")) == {"The new words.", "The former words."}
    await workshop.assert_nothing_is_orphaned()


async def test_each_of_them_may_replace_a_version_of_its_own(workshop: Workshop) -> None:
    await workshop.ended(await workshop.send(ACME, *NOTES))
    renewed = [(name, content.replace("Note", "Letter")) for name, content in NOTES]
    job = await workshop.ended(await workshop.send(ACME, *renewed))
    assert {file.status for file in job.files} == {"ready"}
    assert (await workshop.found(ACME, "number3."))[0] == "Letter number3."
    assert len(await workshop.rows()) == len(NOTES)
    await workshop.assert_nothing_is_orphaned()


async def test_those_before_a_file_whose_reading_breaks_down_can_be_found_at_once(tmp_path: Path) -> None:
    workshop = await opened(tmp_path, reader=ReaderWithFaults(c=InternalError()))
    accepted = await workshop.send(ACME, ("a.txt", "One."), ("b.txt", "Two."), ("c.txt", "Three."), ("d.txt", "Four."))
    workshop.worker._pace = replace(workshop.pace, first_pause_seconds=300.0)
    await workshop.worker.start()
    await until(lambda: not workshop.reader.of and not workshop.worker._running)
    assert (await statuses(workshop))[:2] == ["ready", "ready"]
    await workshop.worker.stop()
    after = await workshop.restarted()
    assert {file.status for file in (await after.ended(accepted)).files} == {"ready"}
    await after.assert_nothing_is_orphaned()
    await after.close()


async def test_a_file_that_brings_the_service_down_three_times_takes_no_other_with_it(tmp_path: Path) -> None:
    workshop = await opened(tmp_path, pool=DeadlyPool())
    files = [("a.txt", "Words."), ("b.txt", "A deadly word."), ("c.txt", "Others."), ("d.txt", "The last ones.")]
    accepted = await workshop.send(ACME, *files)
    for _ in range(3):
        await workshop.worker.start()
        await workshop.pool.died.wait()
        await crashed(workshop)
        workshop = await opened(tmp_path, store=workshop.store, pool=DeadlyPool())
    await workshop.worker.start()
    job = await workshop.ended(accepted)
    assert not workshop.pool.died.is_set(), "three times were enough"
    assert [file.code for file in job.files] == [None, "reading_given_up", None, None]
    await workshop.assert_nothing_is_orphaned()
    await workshop.close()


@pytest.mark.parametrize("where", GATES)
async def test_a_stop_counts_against_none_of_them(workshop: Workshop, where: str) -> None:
    gate = getattr(workshop, where).gate
    gate.shut()
    accepted = await workshop.send(ACME, *NOTES)
    workshop.worker.wake()
    await gate.reached.wait()
    await workshop.worker.stop()
    assert await workshop.query("SELECT DISTINCT attempts FROM documents") == [(0,)]
    after = await workshop.restarted()
    assert {file.status for file in (await after.ended(accepted)).files} == {"ready"}
    await after.assert_nothing_is_orphaned()
    await after.close()


async def test_a_full_disk_counts_against_none_of_them(workshop: Workshop) -> None:
    workshop.pool.faults = [StorageFull() for _ in range(5)]
    job = await workshop.ended(await workshop.send(ACME, *NOTES))
    assert {file.status for file in job.files} == {"ready"}
    assert await workshop.query("SELECT DISTINCT attempts FROM documents") == [(1,)]
    await workshop.assert_nothing_is_orphaned()


@pytest.mark.parametrize("where", GATES)
async def test_after_a_crash_each_of_them_is_there_once(tmp_path: Path, where: str) -> None:
    before = await opened(tmp_path)
    gate = getattr(before, where).gate
    gate.shut()
    accepted = await before.send(ACME, *NOTES)
    await before.worker.start()
    await gate.reached.wait()
    await crashed(before)
    before.store.gate.open.set()
    after = await Workshop(tmp_path, before.store).open()
    job = await after.ended(accepted)
    assert {file.status for file in job.files} == {"ready"}
    assert len(await after.rows()) == len(NOTES)
    await after.assert_nothing_is_orphaned()
    await after.close()
