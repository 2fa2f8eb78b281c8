"""The finder takes the best passages, as the ranking or, where there is one, the reranker orders them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from conversational_rag.db.chunks import Outline
from conversational_rag.llm.base import Usage
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.filenames import FilenameIndex
from conversational_rag.rag.finder import PassageFinder
from conversational_rag.rag.fusion import Evidence, best
from conversational_rag.rag.query import QueryWords
from conversational_rag.rag.reranking.base import Reranking, Wanted
from conversational_rag.rag.retriever import Combine

PAGE = "".join(f"Sentence {n} stands here. " for n in range(200))
WHAT, THANKS = Turn(1, "What is the Mole?", "A pier."), Turn(3, "Thank you!", "You are welcome.")


class Shelf:
    """Thirty chunks, two of which overlap; all are as near as each other but for the last ten, which are far."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    async def nearest(self, texts: Sequence[str], combine: Combine, k: int) -> Mapping[int, float]:
        self.asked.append(texts)
        return {n: 0.9 - 0.001 * n if n <= 20 else 0.1 for n in range(1, 31)}

    async def matching(self, words: QueryWords, k: int) -> Mapping[int, float]:
        return {}

    async def filenames(self) -> FilenameIndex:
        return FilenameIndex({})

    async def best(self, evidence: Evidence, k: int) -> list[Passage]:
        passages = {n: self._passage(n) for n in evidence.chunk_ids}
        outlines = {n: Outline(n, each.document_id, len(each.text)) for n, each in passages.items()}
        return best(outlines, evidence, lambda chunk_ids: {n: passages[n] for n in chunk_ids}, k)

    @staticmethod
    def _passage(n: int) -> Passage:
        if n in (5, 6):
            start = 0 if n == 5 else 300
            return Passage(n, "page", "page.txt", n, 1, start, PAGE[start : start + 400], 0.0)
        return Passage(n, f"doc{n}", f"{n}.txt", 0, 1, 0, f"Text {n}.", 0.0)


class Backwards:
    """Turns the order round, and remembers what it was given."""

    def __init__(self) -> None:
        self.wanted: list[Wanted] = []
        self.given: list[int] = []

    async def start(self) -> None: ...

    async def rerank(self, wanted: Wanted, passages: Sequence[Passage]) -> Reranking:
        self.wanted.append(wanted)
        self.given = [passage.chunk_id for passage in passages]
        turned = tuple(replace(passage, score=0.01) for passage in reversed(passages))
        return Reranking(turned, "small", Usage(10, 1, 0, 1))

    async def close(self) -> None: ...


def ids(reranking: Reranking) -> list[int]:
    return [passage.chunk_id for passage in reranking.passages]


async def test_without_a_reranker_the_best_ranked_are_taken_at_no_cost() -> None:
    found = await PassageFinder(4).find(Shelf(), "What?", ())
    assert ids(found) == [1, 2, 3, 4]
    assert (found.model, found.usage) == ("", Usage())


async def test_a_reranker_is_given_the_twenty_best_and_its_order_is_final() -> None:
    reranker = Backwards()
    found = await PassageFinder(3, reranker).find(Shelf(), "What?", (), "acme")
    assert reranker.given == list(range(1, 21))
    assert ids(found) == [20, 19, 18]
    assert (found.model, found.usage) == ("small", Usage(10, 1, 0, 1))
    assert reranker.wanted == [Wanted("What?", "", "acme")]


async def test_where_more_are_shown_more_are_reranked() -> None:
    reranker = Backwards()
    await PassageFinder(25, reranker).find(Shelf(), "What?", ())
    assert len(reranker.given) == 25


async def test_a_follow_up_is_reranked_with_the_question_that_it_follows() -> None:
    shelf, reranker = Shelf(), Backwards()
    await PassageFinder(4, reranker).find(shelf, "How long?", (WHAT, THANKS), None)
    assert reranker.wanted == [Wanted("How long?", WHAT.question, None)]
    assert shelf.asked == [["How long?", WHAT.answer]]


async def test_passages_that_overlap_are_one() -> None:
    found = await PassageFinder(20).find(Shelf(), "What?", ())
    assert ids(found) == [n for n in range(1, 21) if n != 6]
    assert found.passages[4].text == PAGE[:700]


async def test_what_is_far_behind_the_best_is_not_shown() -> None:
    assert max(ids(await PassageFinder(30).find(Shelf(), "What?", ()))) == 20


async def test_another_file_goes_before_a_second_passage_of_one() -> None:
    assert ids(await PassageFinder(6).find(Shelf(), "What?", ())) == [1, 2, 3, 4, 5, 7]
