"""The ranking is what the retriever finds, and above it the order of a reranker where there is one."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from shelf import Shelf

from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.ranking import ranked_passages
from conversational_rag.rag.reranking.base import DEPTH, Reranking, Wanted
from conversational_rag.rag.retriever import Library, find
from conversational_rag.security.tenants import Tenant

ACME = Tenant("acme")
TEXTS = [f"Note {number}: the ferry is white" + " again" * number for number in range(30)]
TURN = Turn(1, "Who keeps the ferry?", "The ferry has two keepers.")


class Backwards:
    """Puts the last one first; all scores become 0.9 and less. `calls` are what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Wanted, list[str]]] = []

    async def start(self) -> None:
        """Nothing to load."""

    async def rerank(self, wanted: Wanted, passages: Sequence[Passage]) -> Reranking:
        self.calls.append((wanted, [passage.text for passage in passages]))
        best = [replace(each, score=0.9 / rank) for rank, each in enumerate(reversed(passages), start=1)]
        return Reranking(tuple(best))

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    await shelf.put(ACME, "notes.txt", *TEXTS)
    yield shelf.library(ACME)
    await shelf.database.close()


def texts(passages: Sequence[Passage]) -> list[str]:
    return [passage.text for passage in passages]


async def test_without_a_reranker_it_is_what_the_retriever_finds(library: Library) -> None:
    assert await ranked_passages(library, "ferry", (TURN,), 12) == await find(library, "ferry", (TURN,), 12)


async def test_the_best_are_in_the_rerankers_order_and_the_rest_behind_them(library: Library) -> None:
    plain = texts(await find(library, "white ferry", (), 30))
    reranked = await ranked_passages(library, "white ferry", (), 30, Backwards())
    assert texts(reranked) == [*plain[:DEPTH][::-1], *plain[DEPTH:]]
    scores = [passage.score for passage in reranked]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("limit", [1, 10, 20, 25])
async def test_a_smaller_limit_cuts_the_same_list(library: Library, limit: int) -> None:
    whole = await ranked_passages(library, "white ferry", (), 30, Backwards())
    assert await ranked_passages(library, "white ferry", (), limit, Backwards()) == whole[:limit]


async def test_the_reranker_knows_the_question_before_and_asks_no_language_model(library: Library) -> None:
    reranker = Backwards()
    await ranked_passages(library, "In what?", (TURN, Turn(2, "Thanks!", "You are welcome.")), 5, reranker)
    await ranked_passages(library, "In what?", (), 5, reranker)
    assert [wanted for wanted, _ in reranker.calls] == [
        Wanted("In what?", TURN.question, caller=None),
        Wanted("In what?", "", caller=None),
    ]
    assert [len(given) for _, given in reranker.calls] == [DEPTH, DEPTH]


async def test_where_nothing_is_found_nothing_is_ranked(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    assert await ranked_passages(shelf.library(ACME), "ferry", (), 50, Backwards()) == []
    await shelf.database.close()
