"""The language model's order is taken when it is one; otherwise the passages stay as they are."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from conversational_rag.errors import BadGeneration, ModelError, RateLimited
from conversational_rag.llm.base import Chosen, Finished, Prompt, Usage, Word
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.reranking.base import Wanted
from conversational_rag.rag.reranking.language_model import LanguageModelReranker, reordered

COST = Usage(900, 20, 0, 1)
DONE = Finished("small", COST, "stop")


def passages(count: int = 4, text: str = "Text {}.") -> list[Passage]:
    return [Passage(n, "doc", "a.txt", n, 1, 0, text.format(n), 0.9 - 0.1 * n) for n in range(count)]


class Models:
    """Says what it was told to, and remembers how it was asked."""

    def __init__(self, *pieces: Word | Finished | ModelError, hangs: bool = False) -> None:
        self._pieces, self._hangs = pieces, hangs
        self.prompts: list[str] = []
        self.manner: list[tuple[str, int | None, str]] = []
        self.left = False

    async def stream(
        self, prompt: Prompt, *, caller: str = "", max_output_tokens: int | None = None, purpose: str = "answer"
    ) -> AsyncGenerator[Chosen | Word | Finished, None]:
        fitted = prompt.fit(10_000)
        assert fitted is not None
        self.prompts.append("\n".join(message.text for message in fitted.messages))
        self.manner.append((caller, max_output_tokens, purpose))
        try:
            for number, piece in enumerate(self._pieces):
                if isinstance(piece, ModelError):
                    raise piece
                if number == 0:
                    yield Chosen("small", fitted)
                yield piece
            if self._hangs:
                await asyncio.Event().wait()
        finally:
            self.left = True


async def rerank(
    models: Models, found: Sequence[Passage], wanted: Wanted | None = None, patience: float = 60
) -> object:
    reranked = await LanguageModelReranker(models, patience).rerank(wanted or Wanted("Which?"), found)
    return [each.chunk_id for each in reranked.passages], reranked.model, reranked.usage


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("3 1 2 4", [2, 0, 1, 3]),
        ("[4, 2]", [3, 1, 0, 2]),
        ("**2** > 1\n", [1, 0, 2, 3]),
        ("2 2 2 9 0 1", [1, 0, 2, 3]),
        ("4", [3, 0, 1, 2]),
        ("", [0, 1, 2, 3]),
        ("99", [0, 1, 2, 3]),
        ("The best is passage 3.", [0, 1, 2, 3]),
        ("段落 3", [0, 1, 2, 3]),
        ("-1", [0, 1, 2, 3]),
        ("9" * 5000, [0, 1, 2, 3]),
    ],
)
def test_a_list_of_numbers_is_an_order_and_anything_else_is_none(said: str, order: list[int]) -> None:
    assert [each.chunk_id for each in reordered(passages(), said)] == order


def test_scores_are_dealt_out_anew_so_that_they_fall() -> None:
    assert [each.score for each in reordered(passages(), "4 3 2 1")] == [each.score for each in passages()]


async def test_it_is_asked_shortly_for_lesser_work_at_the_callers_cost() -> None:
    models = Models(Word("2 "), Word("1"), DONE)
    assert await rerank(models, passages(), Wanted("Which?", "What is it?", "acme")) == ([1, 0, 2, 3], "small", COST)
    assert models.manner == [("acme", 300, "reranking")]
    assert models.prompts[0].endswith("Earlier question: What is it?\nQuestion: Which?")
    assert '<passage number="4" file="a.txt" page="1">\nText 3.\n</passage>' in models.prompts[0]


@pytest.mark.parametrize("pieces", [[RateLimited()], [Word("4 3"), BadGeneration()]], ids=["refused", "broken off"])
async def test_a_model_that_fails_changes_nothing(pieces: list[Word | ModelError]) -> None:
    order, *_ = await rerank(Models(*pieces), passages())  # type: ignore[misc]
    assert order == [0, 1, 2, 3]


async def test_garbage_costs_what_it_costs() -> None:
    assert await rerank(Models(Word("I cannot say."), DONE), passages()) == ([0, 1, 2, 3], "small", COST)


async def test_nobody_waits_long_and_a_call_that_was_left_is_counted() -> None:
    models = Models(Word("4 "), hangs=True)
    assert await rerank(models, passages(), patience=0.01) == ([0, 1, 2, 3], "small", Usage(llm_calls=1))
    assert models.left


@pytest.mark.parametrize(("found", "caller"), [(passages(1), "acme"), ([], "acme"), (passages(), None)])
async def test_no_call_is_made_where_none_helps_or_none_may_be(found: list[Passage], caller: str | None) -> None:
    models = Models(Word("1"), DONE)
    order, model, usage = await rerank(models, found, Wanted("Which?", caller=caller))  # type: ignore[misc]
    assert (order, model, usage) == ([each.chunk_id for each in found], "", Usage())
    assert models.prompts == []


async def test_of_long_passages_the_part_that_fits_the_question_is_shown() -> None:
    models = Models(Word("1"), DONE)
    await rerank(models, passages(20, "Sand. " * 150 + "The ferry is slow. " + "Mud. " * 100), Wanted("Which ferry?"))
    assert models.prompts[0].count("The ferry is slow.") == 20
    assert len(models.prompts[0]) < 20 * 500 + 500
