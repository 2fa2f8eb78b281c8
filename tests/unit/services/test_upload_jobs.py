"""An upload's owner sees how far it is, and what became of each file."""

import pytest
from workshop import ACME, BETA, Workshop

from conversational_rag.errors import JobNotFound, UnreadableFile
from conversational_rag.services.progress import Progress


async def test_a_job_goes_from_queued_to_its_end(workshop: Workshop) -> None:
    workshop.pool.gate.shut()
    accepted = await workshop.send(ACME, ("a.txt", "One.\fTwo."), ("b.txt", "Three."), ("c.txt", "Three."))
    before = await workshop.jobs.find(ACME, accepted.job_id)
    assert (before.state, before.finished_at, before.seconds_left) == ("queued", None, None)
    workshop.worker.wake()
    await workshop.pool.gate.reached.wait()
    amid = await workshop.jobs.find(ACME, accepted.job_id)
    assert (amid.state, amid.pages, amid.chunks_done, amid.chunks) == ("embedding", 3, 0, 3), "small files go together"
    assert [file.status for file in amid.files] == ["embedding", "embedding", "queued"]
    workshop.pool.gate.open.set()
    after = await workshop.ended(accepted)
    assert (after.state, after.pages, after.chunks_done, after.chunks) == ("ready", 4, 4, 4)
    assert after.finished_at is not None
    assert after.finished_at > after.created_at


@pytest.mark.parametrize(
    ("contents", "broken", "state"),
    [
        (["Words."], 0, "ready"),
        (["Words.", " "], 0, "partial"),
        (["Words.\f "], 0, "partial"),
        ([" ", " \f "], 0, "empty"),
        (["x"], 1, "failed"),
        (["x", " "], 1, "failed"),
        (["x", "Words."], 1, "partial"),
    ],
)
async def test_one_word_says_how_an_upload_ended(
    workshop: Workshop, contents: list[str], broken: int, state: str
) -> None:
    workshop.reader.faults = [UnreadableFile() for _ in range(broken)]
    files = [(f"{number}.txt", content) for number, content in enumerate(contents)]
    assert (await workshop.ended(await workshop.send(ACME, *files))).state == state


async def test_an_unchanged_file_is_as_good_as_a_new_one(workshop: Workshop) -> None:
    await workshop.store_file(ACME, "a.txt", "Words.")
    assert (await workshop.ended(await workshop.send(ACME, ("a.txt", "Words.")))).state == "ready"


async def test_another_clients_job_is_not_found(idle: Workshop) -> None:
    accepted = await idle.send(ACME, ("a.txt", "Words."))
    for tenant, job_id in ((BETA, accepted.job_id), (ACME, "job_unknown")):
        with pytest.raises(JobNotFound):
            await idle.jobs.find(tenant, job_id)
    assert (await idle.jobs.find(None, accepted.job_id)).tenant == ACME


async def test_a_job_is_forgotten_a_week_after_its_end_and_never_before(workshop: Workshop) -> None:
    ended = await workshop.send(ACME, ("a.txt", "Words."))
    await workshop.ended(ended)
    await workshop.worker.stop()
    open_one = await workshop.send(BETA, ("a.txt", "Words."))
    workshop.time += 6.9 * 86_400
    assert await workshop.jobs.cleanup() == 0
    workshop.time += 0.2 * 86_400
    assert await workshop.jobs.cleanup() == 1
    with pytest.raises(JobNotFound):
        await workshop.jobs.find(ACME, ended.job_id)
    assert (await workshop.jobs.find(BETA, open_one.job_id)).state == "queued"
    assert await workshop.query("SELECT count(*) FROM job_files") == [(1,)]


def test_the_time_left_is_told_at_the_pace_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 110.0)
    progress = Progress(chunks=40, since=100.0)
    assert progress.seconds_left is None
    progress.done = 10
    assert progress.seconds_left == pytest.approx(30)
