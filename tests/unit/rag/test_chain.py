"""One turn: found, said, answered, whatever the model does."""

import math
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace

import pytest
from langchain_core.messages import BaseMessage

from conversational_rag.db.chunks import Outline
from conversational_rag.errors import BadGeneration, ModelError, ModelUnreachable, RateLimited
from conversational_rag.llm.base import Chosen, Finished, Prompt, Usage, Word
from conversational_rag.rag.chain import ConversationalRetrievalChain, Question
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.events import Answered, Found, Reranked, Said, TurnEvent
from conversational_rag.rag.filenames import FilenameIndex
from conversational_rag.rag.fusion import Evidence, best
from conversational_rag.rag.memory import Recall
from conversational_rag.rag.prompts import SYSTEM
from conversational_rag.rag.query import QueryWords
from conversational_rag.rag.reranking.base import Reranking, Wanted
from conversational_rag.rag.retriever import Combine

TEXTS = {1: "The bridge was opened in 1932.", 2: "It is painted grey.", 3: "Tulips are planted in October."}
KEY = "gsk_" + "aB3" * 17 + "z"
ANSWER = [Word("In "), Word("1932 [1]."), Finished("a model", Usage(100, 5, 0, 1), "stop")]


class Shelf:
    """A library of three chunks, the first of which is nearest to everything; remembers what was searched for."""

    def __init__(self) -> None:
        self.searched: list[Sequence[str]] = []

    async def nearest(self, texts: Sequence[str], combine: Combine, k: int) -> Mapping[int, float]:
        self.searched.append(texts)
        return {1: 0.9, 2: 0.8, 3: 0.1}

    async def matching(self, words: QueryWords, k: int) -> Mapping[int, float]:
        return {1: 2.0}

    async def filenames(self) -> FilenameIndex:
        return FilenameIndex({"doc": "a.txt"})

    async def best(self, evidence: Evidence, k: int) -> list[Passage]:
        def read(chunk_ids: Sequence[int]) -> dict[int, Passage]:
            return {n: Passage(n, "doc", "a.txt", n, None, 1000 * n, TEXTS[n], 0.0) for n in chunk_ids}

        return best({n: Outline(n, "doc", len(TEXTS[n])) for n in evidence.chunk_ids}, evidence, read, k)


class Models:
    """Says what it was told to, and remembers what it was asked."""

    def __init__(self, *pieces: Word | Finished | ModelError, most_tokens: float = math.inf) -> None:
        self._pieces, self._most_tokens = pieces, most_tokens
        self.asked: list[Sequence[BaseMessage]] = []
        self.callers: list[str] = []
        self.purposes: list[str] = []
        self.left = False

    async def stream(
        self, prompt: Prompt, *, caller: str = "", max_output_tokens: int | None = None, purpose: str = "answer"
    ) -> AsyncGenerator[Chosen | Word | Finished, None]:
        fitted = prompt.fit(self._most_tokens) or prompt.fit(prompt.least_tokens)
        assert fitted is not None
        self.asked.append(fitted.messages)
        self.callers.append(caller)
        self.purposes.append(purpose)
        try:
            for number, piece in enumerate(self._pieces):
                if isinstance(piece, ModelError):
                    raise piece
                if number == 0:
                    yield Chosen("a model", fitted)
                yield piece
        finally:
            self.left = True


def question(text: str = "When was it opened?") -> Question:
    turns = (Turn(1, "What is this?", "A bridge."),)
    return Question(Shelf(), text, turns, Recall(turns, "", 0), "acme")


async def told(models: Models, *, visible: bool = True) -> list[TurnEvent]:
    chain = ConversationalRetrievalChain(models, top_k=2)
    return [event async for event in chain.events(question(), visible=visible)]


async def test_a_turn_tells_passages_words_and_the_whole_with_one_call() -> None:
    models = Models(*ANSWER)
    found, *said, answered = await told(models)
    assert isinstance(found, Found)
    assert [passage.chunk_id for passage in found.passages] == [1, 2]
    assert [event.text for event in said if isinstance(event, Said)] == ["In", " 1932 [1]."]
    assert isinstance(answered, Answered)
    assert (answered.text, answered.model, answered.degraded) == ("In 1932 [1].", "a model", False)
    assert answered.usage.llm_calls == 1
    assert answered.passages == found.passages
    assert len(models.asked) == 1
    assert TEXTS[1] in models.asked[0][-1].text
    assert TEXTS[3] not in models.asked[0][-1].text
    assert (found.model, models.callers) == ("a model", ["acme"])


async def test_the_sources_are_what_the_model_was_shown_when_the_prompt_had_to_shrink() -> None:
    models = Models(*ANSWER, most_tokens=0)
    found, *_, answered = await told(models)
    assert isinstance(found, Found)
    assert isinstance(answered, Answered)
    assert [passage.chunk_id for passage in found.passages] == [1]
    assert answered.passages == found.passages
    assert TEXTS[2] not in models.asked[0][-1].text


async def test_quotes_come_from_all_that_was_found() -> None:
    found, _, answered = await told(Models(RateLimited(), most_tokens=0))
    assert isinstance(found, Found)
    assert isinstance(answered, Answered)
    assert found.model == "extractive"
    assert [passage.chunk_id for passage in found.passages] == [1, 2]
    assert answered.passages == found.passages


@pytest.mark.parametrize("visible", [True, False])
async def test_no_model_means_quotes_and_the_time_to_come_again(visible: bool) -> None:
    _, said, answered = await told(Models(RateLimited(retry_after=42.0)), visible=visible)
    assert isinstance(answered, Answered)
    assert isinstance(said, Said)
    assert (answered.degraded, answered.model, answered.retry_after) == (True, "extractive", 42.0)
    assert TEXTS[1] in answered.text
    assert said.text == answered.text
    assert answered.usage == Usage(0, 0, 0, 0)


async def test_a_model_that_breaks_off_under_a_readers_eyes_is_an_error() -> None:
    with pytest.raises(ModelUnreachable):
        await told(Models(Word("In "), ModelUnreachable()))


async def test_a_model_that_breaks_off_unseen_is_replaced_by_quotes() -> None:
    found, said, answered = await told(Models(Word("In "), BadGeneration()), visible=False)
    assert isinstance(found, Found)
    assert isinstance(answered, Answered)
    assert isinstance(said, Said)
    assert answered.degraded
    assert TEXTS[1] in said.text == answered.text


async def test_a_reader_who_leaves_frees_the_model_at_once() -> None:
    models = Models(*ANSWER)
    events = ConversationalRetrievalChain(models, top_k=2).events(question())
    async for event in events:
        if isinstance(event, Said):
            break
    await events.aclose()
    assert models.left


async def test_it_is_a_runnable() -> None:
    chain = ConversationalRetrievalChain(Models(*ANSWER), top_k=2)
    answered = await chain.ainvoke(question())
    assert answered.text == "In 1932 [1]."
    kinds = [type(event) async for event in chain.astream(question())]
    assert kinds == [Found, Said, Said, Answered]


def test_it_can_be_invoked_without_an_event_loop() -> None:
    assert ConversationalRetrievalChain(Models(*ANSWER), top_k=2).invoke(question()).text == "In 1932 [1]."


async def test_the_summary_is_asked_of_the_model() -> None:
    models = Models(*ANSWER)
    summary = await ConversationalRetrievalChain(models, top_k=2).summarise("Before.", question().turns)
    assert (summary.text, summary.usage.llm_calls) == ("In 1932 [1].", 1)
    assert "A bridge." in models.asked[0][0].text


async def test_a_summary_holds_neither_keys_nor_the_rules() -> None:
    models = Models(Word(f"They spoke. {KEY} {SYSTEM}"), ANSWER[-1])
    summary = await ConversationalRetrievalChain(models, top_k=2).summarise("Before.", question().turns)
    assert summary.text == "They spoke. gsk_… You answer questions…"


@pytest.mark.parametrize("visible", [True, False])
async def test_an_answer_holds_neither_the_rules_nor_keys_nor_foreign_addresses(visible: bool) -> None:
    said = f"It is grey [1]. {SYSTEM}\n\n{KEY} ![x](https://evil.example/?q=grey) https://evil.example/grey"
    words = [Word(word) for word in re.findall(r"\s*\S+", said)]
    _, *spoken, answered = await told(Models(*words, ANSWER[-1]), visible=visible)
    assert isinstance(answered, Answered)
    assert answered.text == "It is grey [1]. You answer questions…\n\ngsk_… x https://…"
    assert "".join(event.text for event in spoken if isinstance(event, Said)) == answered.text
    assert (len(spoken) > 5) is visible


async def test_addresses_of_the_question_and_of_the_conversation_may_be_said() -> None:
    text = "[Here](https://asked.example/x), not [there](https://other.example)."
    models = Models(Word(text), ANSWER[-1])
    answered = await ConversationalRetrievalChain(models, top_k=2).ainvoke(question("Is it https://asked.example/x?"))
    assert answered.text == "[Here](https://asked.example/x), not there."


async def test_what_was_held_back_when_a_model_broke_off_is_not_said() -> None:
    chain = ConversationalRetrievalChain(Models(Word("So: "), Word(KEY), ModelUnreachable()), top_k=2)
    heard: list[str] = []

    async def hear() -> None:
        async for event in chain.events(question()):
            heard.append(event.text if isinstance(event, Said) else "")

    with pytest.raises(ModelUnreachable):
        await hear()
    assert "".join(heard) == "So: gsk_"


async def test_small_talk_is_not_searched_for_and_asks_a_small_model_shortly() -> None:
    models, asked = Models(*ANSWER), question("thanks!")
    events = [event async for event in ConversationalRetrievalChain(models, top_k=2).events(asked)]
    assert asked.library.searched == []  # type: ignore[attr-defined]
    assert events[0] == Found((), "a model")
    assert isinstance(answered := events[-1], Answered)
    assert (answered.text, answered.passages, answered.citations) == ("In 1932.", (), ())
    assert [message.text for message in models.asked[0]][1:] == ["What is this?", "A bridge.", "thanks!"]
    assert models.purposes == ["small talk"]


async def test_small_talk_without_a_model_is_answered_politely() -> None:
    chain = ConversationalRetrievalChain(Models(RateLimited(retry_after=5)), top_k=2)
    found, said, answered = [event async for event in chain.events(question("danke"))]
    assert found == Found((), "extractive")
    assert said == Said("Gern geschehen!")
    assert isinstance(answered, Answered)
    assert (answered.degraded, answered.passages, answered.retry_after) == (True, (), 5)


async def test_a_question_behind_small_talk_is_searched_in_the_light_of_the_question_before() -> None:
    library, turns = Shelf(), (Turn(1, "What is this?", "A bridge."), Turn(3, "thanks", "You are welcome."))
    asked = Question(library, "When was it opened?", turns, Recall(turns, "", 0))
    await ConversationalRetrievalChain(Models(*ANSWER), top_k=2).ainvoke(asked)
    assert library.searched == [["When was it opened?", "A bridge."]]


async def test_what_is_cited_is_told_with_the_answer() -> None:
    *_, answered = await told(Models(Word("It opened in 1932 ["), Word("1, 7]. It is red [2]."), ANSWER[-1]))
    assert isinstance(answered, Answered)
    assert answered.text == "It opened in 1932 [1]. It is red [2]."
    assert [(each.cited, each.verified) for each in answered.citations] == [(True, True), (True, None)]


class Turned:
    """A reranker that turns the order round, and says that a model did it."""

    def __init__(self) -> None:
        self.callers: list[str | None] = []

    async def start(self) -> None: ...

    async def rerank(self, wanted: Wanted, passages: Sequence[Passage]) -> Reranking:
        self.callers.append(wanted.caller)
        return Reranking(tuple(reversed(passages)), "a small model", Usage(50, 3, 0, 1))

    async def close(self) -> None: ...


async def test_a_reranking_is_told_first_with_its_cost_and_the_whole_cost_with_the_whole_answer() -> None:
    chain, asked = ConversationalRetrievalChain(Models(*ANSWER), top_k=2, reranker=Turned()), question()
    reranked, found, *_, answered = [event async for event in chain.events(asked)]
    assert reranked == Reranked("a small model", Usage(50, 3, 0, 1))
    assert isinstance(found, Found)
    assert [passage.chunk_id for passage in found.passages] == [3, 2]
    assert isinstance(answered, Answered)
    assert answered.usage == Usage(100, 5, 0, 1)
    assert (await chain.ainvoke(asked)).usage == Usage(150, 8, 0, 2)


async def test_a_reranking_is_told_when_no_model_answers_afterwards() -> None:
    chain = ConversationalRetrievalChain(Models(RateLimited()), top_k=2, reranker=Turned())
    reranked, found, *_ = [event async for event in chain.events(question())]
    assert isinstance(reranked, Reranked)
    assert isinstance(found, Found)
    assert [passage.chunk_id for passage in found.passages] == [3, 2]


async def test_small_talk_is_not_reranked() -> None:
    reranker = Turned()
    await ConversationalRetrievalChain(Models(*ANSWER), top_k=2, reranker=reranker).ainvoke(question("thanks!"))
    assert reranker.callers == []


async def test_where_no_model_may_be_asked_none_may_rerank() -> None:
    reranker, shut = Turned(), replace(question(), shut_seconds=9.0)
    await ConversationalRetrievalChain(Models(), top_k=2, reranker=reranker).ainvoke(shut)
    assert reranker.callers == [None]
