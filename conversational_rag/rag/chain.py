"""One turn of a conversation: find the passages, ask the model once, and quote them when no model can speak."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog
from langchain_core.runnables import Runnable, RunnableConfig

from conversational_rag.errors import ModelError
from conversational_rag.llm.base import ChatModels, Chosen, Finished, FixedPrompt, Usage, Word
from conversational_rag.llm.extractive import extract_answer, render
from conversational_rag.rag import prompts
from conversational_rag.rag.budget import Budget, FittedTurn, TurnPrompt
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.events import Answered, Found, Said, TurnEvent
from conversational_rag.rag.memory import Recall
from conversational_rag.rag.overlaps import join_overlaps
from conversational_rag.rag.retriever import ContextRetriever, Library

EXTRACTIVE = "extractive"
_SUMMARY_TOKENS = 400
_HISTORY_TOKENS = 2000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Question:
    """What one turn starts from: the client's library, the question, the turns before it, and what of them is sent.

    `caller` is whose share of the quota it costs.
    """

    library: Library
    text: str
    turns: tuple[Turn, ...]
    recall: Recall
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary of turns, who made it and what that cost."""

    text: str
    model: str
    usage: Usage


class ConversationalRetrievalChain(Runnable[Question, TurnEvent]):
    """Retriever, memory, prompt and model as one LangChain Runnable: `ainvoke` answers, `astream` tells events.

    It is one stage on purpose: a pipeline of several costs 12 to 18 times the CPU for each streamed token.
    """

    def __init__(self, models: ChatModels, top_k: int, budget: Budget | None = None) -> None:
        self._models, self._top_k = models, top_k
        self._budget = budget or Budget.usual(top_k, _HISTORY_TOKENS)

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Answered:
        """`ainvoke` for callers without an event loop."""
        return asyncio.run(self.ainvoke(input, config, **kwargs))

    async def ainvoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Answered:
        """The whole answer, traced as one run."""
        answered = await self._acall_with_config(self._answer, input, config, **kwargs)
        assert isinstance(answered, Answered)
        return answered

    async def astream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[TurnEvent]:
        """Found, then Said again and again, then Answered, traced as one run."""

        async def questions() -> AsyncIterator[Question]:
            yield input

        async for event in self._atransform_stream_with_config(questions(), self._transform, config, **kwargs):
            yield event

    async def events(self, question: Question, *, visible: bool = True) -> AsyncGenerator[TurnEvent, None]:
        """The turn as it happens.

        `visible`: somebody reads the words as they come, so when the model breaks off after the first of them its
        ModelError is raised; otherwise the words come at the end in one piece, and the turn never fails.
        """
        passages = await self.find(question)
        prompt = TurnPrompt(question.text, passages, question.recall, self._budget)
        shown: tuple[Passage, ...] | None = None
        said: list[str] = []
        try:
            async with aclosing(self._models.stream(prompt, caller=question.caller)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Word):
                        said.append(piece.text)
                        if visible:
                            yield Said(piece.text)
                    elif isinstance(piece, Chosen):
                        shown = _passages_of(piece)
                        yield Found(shown, piece.model)
                    else:
                        text = "".join(said)
                        if not visible:
                            yield Said(text)
                        yield Answered(text, shown or (), piece.model, degraded=False, usage=piece.usage)
                        return
        except ModelError as error:
            if said and visible:
                raise
            # The router has told the fault; this comes with each question for as long as it lasts.
            _log.debug("answering_without_model", code=error.code, retry_after=error.retry_after)
            quoted = quote(question, passages, error.retry_after)
            if shown is None:
                yield Found(passages, EXTRACTIVE)
            yield Said(quoted.text)
            yield quoted

    async def find(self, question: Question) -> tuple[Passage, ...]:
        """The passages for the question in the light of the conversation, best first, no text in two of them."""
        retriever = ContextRetriever(library=question.library, history=question.turns, k=self._top_k)
        return join_overlaps(await retriever.find(question.text))

    async def summarise(self, summary: str, turns: Sequence[Turn], caller: str = "") -> Summary:
        """A summary of the former summary and these turns. Raises ModelError."""
        prompt, said = FixedPrompt(prompts.summary_messages(summary, turns)), list[str]()
        pieces = self._models.stream(prompt, caller=caller, max_output_tokens=_SUMMARY_TOKENS, purpose="summary")
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Word):
                    said.append(piece.text)
                elif isinstance(piece, Finished):
                    return Summary("".join(said), piece.model, piece.usage)
        raise AssertionError("a model that does not raise ends with Finished")

    async def _answer(self, question: Question) -> TurnEvent:
        async for event in self.events(question, visible=False):
            if isinstance(event, Answered):
                return event
        raise AssertionError("a turn ends with Answered")

    async def _transform(self, questions: AsyncIterator[Question]) -> AsyncIterator[TurnEvent]:
        async for question in questions:
            async for event in self.events(question):
                yield event


def quote(question: Question, passages: Sequence[Passage], retry_after: float | None) -> Answered:
    """The answer without a model: the sentences of the passages that fit the question best, quoted exactly."""
    before = [question.turns[-1].question] if question.turns else []
    quotes = extract_answer(question.text, [passage.text for passage in passages], context=before)
    text = render(quotes) if quotes else prompts.NOTHING_FOUND
    return Answered(text, tuple(passages), EXTRACTIVE, True, Usage(0, 0, 0, 0), retry_after)


def _passages_of(chosen: Chosen) -> tuple[Passage, ...]:
    """The passages that the model was really shown."""
    assert isinstance(chosen.prompt, FittedTurn)
    return chosen.prompt.passages
