"""Titles and feedback go with a client to another database; what is derived from them is made there anew."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from diary import ACME, BETA, Diary
from toy_embedder import ToyEmbedder

from conversational_rag.db.messages import Feedback
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import BadInput
from conversational_rag.security.principals import Reach
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import archives
from conversational_rag.services.client_export import CLIENT, export
from conversational_rag.services.client_import import import_client

Change = Callable[[dict[str, Any]], dict[str, Any]]
TWIN = Tenant("twin")


@pytest.fixture
async def pool() -> AsyncIterator[EmbeddingPool]:
    opened = EmbeddingPool(ToyEmbedder)
    yield opened
    await opened.close()


@pytest.fixture
async def archive(diary: Diary, tmp_path: Path) -> Path:
    """Of a client with a named session, one that has none, and a rating."""
    message_id = await diary.talk("named", "Wie weit ist der MOND?", "384.400 km.")
    await diary.talk("other", "Hat er Luft?")
    await diary.sessions.rename(Reach(ACME), "named", "Über den Himmel")
    await diary.ratings.rate(Reach(ACME), "named", message_id, "down", "In miles?")
    target = tmp_path / "acme.tar.gz"
    await export(diary.database, tmp_path / "uploads", ACME, target, diary.time)
    return target


def changed(archive: Path, kind: str, change: Change) -> Path:
    """The archive with every row of the kind changed."""
    folder = archive.parent / "unpacked"
    folder.mkdir()
    about = archives.unpack(archive, CLIENT, lambda name: folder / name)
    path = folder / f"{kind}.jsonl"
    rows = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    members = {member["name"]: folder / member["name"] for member in about.pop("members")}
    target = archive.with_name("changed.tar.gz")
    archives.write(target, CLIENT, {k: v for k, v in about.items() if k not in ("format", "version")}, members)
    return target


async def take_in(diary: Diary, pool: EmbeddingPool, archive: Path) -> None:
    await import_client(archive, diary.database, pool, archive.parent / "uploads", TWIN, diary.time)


async def titles(diary: Diary, words: str = "") -> list[str]:
    page = await diary.sessions.search(Reach(TWIN), words, 10, 0)
    return [each.title for each in page.sessions]


async def test_titles_and_feedback_come_along_and_are_found(diary: Diary, pool: EmbeddingPool, archive: Path) -> None:
    await take_in(diary, pool, archive)
    assert await titles(diary) == ["Hat er Luft?", "Über den Himmel"]
    for words, found in (("ÜBER", "Über den Himmel"), ("mond", "Über den Himmel"), ("luft", "Hat er Luft?")):
        assert await titles(diary, words) == [found]
    (rated,) = (await diary.ratings.list_page(TWIN, None, 10, 0)).rated
    assert (rated.question, rated.answer) == ("Wie weit ist der MOND?", "384.400 km.")
    assert rated.feedback == Feedback("down", "In miles?", diary.time)
    assert (await diary.ratings.list_page(BETA, None, 10, 0)).total == 0


@pytest.mark.parametrize(
    ("kind", "columns"), [("sessions", ("title",)), ("messages", ("rating", "comment", "rated_at"))]
)
async def test_an_archive_of_before_lacks_nothing(
    diary: Diary, pool: EmbeddingPool, archive: Path, kind: str, columns: tuple[str, ...]
) -> None:
    older = changed(archive, kind, lambda row: {name: value for name, value in row.items() if name not in columns})
    await take_in(diary, pool, older)
    renamed = kind == "messages"
    assert await titles(diary, "mond") == ["Über den Himmel" if renamed else "Wie weit ist der MOND?"]
    assert (await diary.ratings.list_page(TWIN, None, 10, 0)).total == (0 if renamed else 1)


@pytest.mark.parametrize(
    "wrong", [{"rating": "sideways"}, {"rated_at": None}, {"rated_at": float("nan")}, {"role": "user"}, {"rating": 5}]
)
async def test_a_rating_that_could_not_be_shown_is_not_taken_in(
    diary: Diary, pool: EmbeddingPool, archive: Path, wrong: dict[str, Any]
) -> None:
    broken = changed(archive, "messages", lambda row: row if row["rating"] is None else row | wrong)
    with pytest.raises(BadInput):
        await take_in(diary, pool, broken)
    assert await titles(diary) == []
