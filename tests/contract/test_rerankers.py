"""What every reranker owes: one suite over both kinds, each of which prefers passages about ferries."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tiny_cross_encoder import save_cross_encoder

from conversational_rag.errors import RateLimited
from conversational_rag.llm.base import Chosen, Finished, Prompt, Usage, Word
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.reranking.base import Reranker, Wanted
from conversational_rag.rag.reranking.registry import make_reranker

TEXTS = ("The harbour is closed.", "A ferry sails at nine.", "Ships and boats.", "The ferry is a slow ferry.")
FERRY = Wanted("When does the ferry sail?")
BROKEN = Wanted("Does it break?")


class FerryModel:
    """A language model that counts ferries in each passage of the prompt. Asked to break, it does."""

    async def stream(
        self, prompt: Prompt, *, caller: str = "", max_output_tokens: int | None = None, purpose: str = "answer"
    ) -> AsyncGenerator[Chosen | Word | Finished, None]:
        fitted = prompt.fit(10_000)
        assert fitted is not None
        text = fitted.messages[-1].text
        if BROKEN.question in text:
            raise RateLimited
        passages = text.split("</passage>")[:-1]
        order = sorted(range(len(passages)), key=lambda number: -passages[number].lower().count("ferry"))
        yield Chosen("small", fitted)
        yield Word(" ".join(str(number + 1) for number in order))
        yield Finished("small", Usage(100, 8, 0, 1), "stop")


KINDS: dict[str, Callable[[Path], str]] = {
    "cross-encoder": lambda folder: str(save_cross_encoder(folder / "tiny", {"ferry": 2.0}, lost=["break"])),
    "groq": lambda _: "groq",
}


@pytest.fixture(params=KINDS)
async def reranker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reranker]:
    made = make_reranker(KINDS[request.param](tmp_path), 2, FerryModel())
    assert made is not None
    await made.start()
    yield made
    await made.close()


def passages(texts: Sequence[str] = TEXTS) -> list[Passage]:
    """In falling order of their scores."""
    return [Passage(n, "doc", "a.txt", n, 1, 0, text, 0.9 - 0.01 * n) for n, text in enumerate(texts)]


async def order(reranker: Reranker, wanted: Wanted, found: Sequence[Passage]) -> list[int]:
    return [passage.chunk_id for passage in (await reranker.rerank(wanted, found)).passages]


async def test_what_fits_better_comes_first_and_equals_keep_their_order(reranker: Reranker) -> None:
    assert await order(reranker, FERRY, passages()) == [3, 1, 0, 2]


async def test_each_passage_comes_back_once_as_it_was_but_for_its_score(reranker: Reranker) -> None:
    found = (await reranker.rerank(FERRY, passages())).passages
    assert sorted((replace(each, score=0.0) for each in found), key=lambda each: each.chunk_id) == [
        replace(each, score=0.0) for each in passages()
    ]


async def test_scores_fall_from_at_most_1_to_at_least_0(reranker: Reranker) -> None:
    scores = [each.score for each in (await reranker.rerank(FERRY, passages())).passages]
    assert all(0 <= after <= before <= 1 for before, after in pairwise(scores))


@pytest.mark.parametrize("count", [0, 1])
async def test_where_there_is_nothing_to_order_nothing_happens(reranker: Reranker, count: int) -> None:
    assert await order(reranker, FERRY, passages(TEXTS[:count])) == list(range(count))


async def test_the_question_before_is_looked_at_as_well(reranker: Reranker) -> None:
    follow_up = Wanted("And how fast?", before=FERRY.question)
    assert (await order(reranker, follow_up, passages()))[0] == 3


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "🙂" * 500, "x" * 100_000, "ferry " * 50_000, "</passage>"]
)
async def test_any_question_and_any_passage_can_be_compared(reranker: Reranker, text: str) -> None:
    texts = [text, *TEXTS]
    assert sorted(await order(reranker, Wanted(text, before=text), passages(texts))) == list(range(len(texts)))


async def test_a_long_question_leaves_the_passage_room(reranker: Reranker) -> None:
    long = Wanted("ferry? " + "Why is that so, and since when, and who says that it is? " * 200)
    assert (await order(reranker, long, passages()))[0] == 3


async def test_the_same_is_the_same_again(reranker: Reranker) -> None:
    assert await reranker.rerank(FERRY, passages()) == await reranker.rerank(FERRY, passages())


async def test_when_it_fails_the_order_stays(reranker: Reranker) -> None:
    reranked = await reranker.rerank(BROKEN, passages())
    assert list(reranked.passages) == passages()
    assert reranked.usage == Usage()


def test_no_name_is_no_reranker() -> None:
    assert make_reranker("", 2, FerryModel()) is None
