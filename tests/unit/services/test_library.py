"""A client's library shows what is the client's and ready, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shelf import Shelf, WordPool
from waiting import until

from conversational_rag.db import documents
from conversational_rag.db.clients import ClientRow
from conversational_rag.embedding.recent import RecentVectors
from conversational_rag.rag.conversation import Turn
from conversational_rag.rag.fusion import Evidence
from conversational_rag.rag.query import QueryWords, leaned_on
from conversational_rag.rag.retriever import find
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.library import ClientLibrary

ACME, BETA = Tenant("acme"), Tenant("beta")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


async def test_the_best_have_their_text_and_their_place(shelf: Shelf) -> None:
    first, second, third = await shelf.put(ACME, "a.pdf", ["one", "two"], ["three"])
    found = await shelf.library(ACME).best(Evidence({first: 0.1, second: 0.2, third: 0.9}, {}, {}), 1)
    assert [(p.chunk_id, p.filename, p.page, p.ordinal, p.text) for p in found] == [(third, "a.pdf", 2, 2, "three")]


async def test_what_may_not_be_seen_is_not_among_the_best(shelf: Shelf) -> None:
    (theirs,) = await shelf.put(BETA, "b.txt", "theirs")
    (hidden,) = await shelf.put(ACME, "c.txt", "hidden", status=documents.DELETING)
    (mine,) = await shelf.put(ACME, "d.txt", "mine")
    evidence = Evidence({theirs: 0.9, hidden: 0.8, mine: 0.1}, {10_000: 9.0, mine: 0.2}, {})
    assert [passage.chunk_id for passage in await shelf.library(ACME).best(evidence, 4)] == [mine]


async def test_both_legs_answer_by_chunk_id(shelf: Shelf) -> None:
    bread, rain = await shelf.put(ACME, "a.txt", "Bread is baked.", "Rain fell.")
    library = shelf.library(ACME)
    nearest = await library.nearest(["Rain fell."], lambda vectors: vectors[0], 2)
    assert list(nearest) == [rain, bread]
    assert nearest[rain] > 0.5
    assert list(await library.matching(QueryWords(("baked",), ("rain",)), 10)) == [bread, rain]
    assert len(await library.filenames()) == 1
    assert shelf.pool.embedded == ["Rain fell."]


async def test_a_follow_up_embeds_the_question_alone(shelf: Shelf) -> None:
    embedder = WordPool()
    recent = RecentVectors(embedder, quiet_seconds=0)
    library = ClientLibrary(ClientRow(ACME, 0.0, "words", None, index_dirty=False), shelf.database, shelf.index, recent)
    answer = "Bread is baked. " * 100
    recent.expect(leaned_on(answer))
    await until(lambda: embedder.embedded)
    await find(library, "And when?", [Turn(1, "What is baked?", answer)], 3)
    assert embedder.embedded == [leaned_on(answer), "And when?"]
