"""The retriever finds the passage, also for a follow-up, over a real database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shelf import Shelf, word_vectors

from conversational_rag.db import documents
from conversational_rag.rag.conversation import Turn
from conversational_rag.rag.retriever import ContextRetriever, find
from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores.base import Hit

ACME, BETA = Tenant("acme"), Tenant("beta")
BRIDGE = "The Lowgate bridge was painted in sea green by its keepers."
FERRY = "The ferry was painted in white after the storm."
TOWER = "The tower was painted in red when it was built."
TURN = Turn(1, "Who keeps the Lowgate bridge?", "The Lowgate bridge has two keepers, who live beside it.")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


async def texts(shelf: Shelf, question: str, *history: Turn, tenant: Tenant = ACME, k: int = 4) -> list[str]:
    return [passage.text for passage in await find(shelf.library(tenant), question, history, k)]


async def test_a_follow_up_finds_what_the_bare_question_does_not(shelf: Shelf) -> None:
    await shelf.put(ACME, "places.txt", FERRY, TOWER, BRIDGE)
    follow_up = "And what is it painted in?"
    assert (await texts(shelf, follow_up))[0] != BRIDGE
    assert (await texts(shelf, follow_up, TURN))[0] == BRIDGE


async def test_a_new_topic_is_not_held_back_by_the_old_one(shelf: Shelf) -> None:
    await shelf.put(ACME, "places.txt", FERRY, TOWER, BRIDGE)
    assert (await texts(shelf, "What colour is the ferry painted?", TURN))[0] == FERRY


async def test_a_follow_up_is_embedded_together_with_the_last_answers(shelf: Shelf) -> None:
    await shelf.put(ACME, "places.txt", FERRY, BRIDGE)
    await find(shelf.library(ACME), "In what?", [TURN, Turn(2, "And?", "It is painted.")], 2)
    assert shelf.pool.embedded == ["In what?", "It is painted.", TURN.answer]


async def test_words_find_what_meaning_does_not(shelf: Shelf) -> None:
    await shelf.put(ACME, "codes.txt", *[f"Part {n} is in stock." for n in range(150)], "Valve XR7741, two left.")
    shelf.index.stale = [Hit(0, 0.9)]
    assert (await texts(shelf, "XR7741"))[0] == "Valve XR7741, two left."


async def test_another_clients_documents_are_never_found(shelf: Shelf) -> None:
    await shelf.put(ACME, "mine.txt", FERRY)
    await shelf.put(BETA, "theirs.txt", BRIDGE, TOWER)
    (theirs, *_) = [hit.chunk_id for hit in await shelf.index.search(BETA, word_vectors([BRIDGE])[0], 1)]
    shelf.index.stale = [Hit(theirs, 1.0)]
    assert await texts(shelf, BRIDGE, TURN) == [FERRY]
    assert await texts(shelf, BRIDGE, tenant=Tenant("nobody")) == []


@pytest.mark.parametrize("status", [documents.INDEXING, documents.DELETING])
async def test_documents_that_are_not_ready_are_never_found(shelf: Shelf, status: str) -> None:
    hidden = await shelf.put(ACME, "hidden.txt", BRIDGE, status=status)
    await shelf.put(ACME, "ready.txt", FERRY)
    shelf.index.stale = [Hit(hidden[0], 1.0)]
    assert await texts(shelf, BRIDGE) == [FERRY]


async def test_the_named_one_of_look_alike_reports_comes_first(shelf: Shelf) -> None:
    for company in ("ADOBE", "BESTBUY", "WALMART"):
        for year in (2020, 2021, 2022):
            await shelf.put(
                ACME,
                f"{company}_{year}_10K.pdf",
                "Capital expenditure was 577 million.",
                f"Revenue rose to {year} million in the year under review.",
            )
    passages = await find(shelf.library(ACME), "What was the revenue of Best Buy in FY21?", [], 3)
    assert (passages[0].filename, passages[0].page) == ("BESTBUY_2021_10K.pdf", 2)


async def test_no_text_comes_twice_and_others_take_its_place(shelf: Shelf) -> None:
    await shelf.put(ACME, "a.txt", FERRY, BRIDGE)
    await shelf.put(ACME, "copy_of_a.txt", FERRY, BRIDGE)
    assert sorted(await texts(shelf, "painted", k=4)) == sorted([FERRY, BRIDGE])


async def test_passages_carry_their_place_and_a_falling_score(shelf: Shelf) -> None:
    await shelf.put(ACME, "places.pdf", [FERRY, TOWER], [BRIDGE])
    passages = await find(shelf.library(ACME), "Who painted the Lowgate bridge?", [], 3)
    assert (passages[0].page, passages[0].filename, passages[0].ordinal) == (2, "places.pdf", 2)
    scores = [passage.score for passage in passages]
    assert 1 >= scores[0] > scores[1] >= scores[2] >= 0


async def test_the_same_question_gets_the_same_answer(shelf: Shelf) -> None:
    await shelf.put(ACME, "same.txt", *[f"Painted {n} times." for n in range(30)])
    assert await texts(shelf, "painted", k=10) == await texts(shelf, "painted", k=10)


@pytest.mark.parametrize(
    "question",
    ['"', "title:painted OR *", "NEAR(a b)", "🙂🙂", "   ", "the of and", "\x00", "a" * 2_000_000, "word " * 400_000],
    ids=["quote", "syntax", "near", "emoji", "blank", "small words", "nul", "one long word", "many words"],
)
async def test_any_question_can_be_asked(shelf: Shelf, question: str) -> None:
    await shelf.put(ACME, "places.txt", FERRY, BRIDGE)
    assert set(await texts(shelf, question, Turn(1, question, question))) == {FERRY, BRIDGE}


async def test_langchain_gets_documents(shelf: Shelf) -> None:
    ids = await shelf.put(ACME, "places.pdf", [FERRY], [BRIDGE])
    retriever = ContextRetriever(library=shelf.library(ACME), history=[TURN], k=1)
    (document,) = await retriever.ainvoke("And what is it painted in?")
    assert document.page_content == BRIDGE
    assert document.metadata.pop("score") == pytest.approx(1)
    assert document.metadata == {
        "filename": "places.pdf",
        "page": 2,
        "document_id": "doc_1",
        "chunk_id": ids[1],
        "start": 0,
    }
    assert [passage.text for passage in await retriever.find("And what is it painted in?")] == [BRIDGE]


def test_the_blocking_call_says_what_to_use() -> None:
    retriever = ContextRetriever(library=None)
    with pytest.raises(NotImplementedError, match="ainvoke"):
        retriever.invoke("And what is it painted in?")
