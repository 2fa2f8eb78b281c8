"""One turn of a conversation: find the passages, ask the model once, and quote them when no model can speak."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import structlog
from langchain_core.runnables import Runnable, RunnableConfig

from conversational_rag.embedding.recent import QueryEmbedder
from conversational_rag.errors import ModelError, RateLimited
from conversational_rag.llm.base import ChatModels, Chosen, Finished, FixedPrompt, Prompt, Usage, Word
from conversational_rag.rag import prompts
from conversational_rag.rag.budget import Budget, FittedTurn, TurnPrompt
from conversational_rag.rag.citations import check_citations
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.events import Answered, Found, Reranked, Said, TurnEvent
from conversational_rag.rag.filters import Filters, answer_filters, summary_filters
from conversational_rag.rag.finder import PassageFinder
from conversational_rag.rag.memory import Recall
from conversational_rag.rag.quoting import EXTRACTIVE, answer_politely, quote
from conversational_rag.rag.reranking.base import Reranker
from conversational_rag.rag.retriever import Library
from conversational_rag.rag.small_talk import SmallTalk, small_talk_after

_SUMMARY_TOKENS = 400
_SMALL_TALK_TOKENS, _SMALL_TALK_TURNS = 200, 2
_HISTORY_TOKENS = 2000
_log = structlog.get_logger()


async def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Question:
    """What one turn starts from: the client's library, the question, the turns before it, and what of them is sent.

    `caller` is whose share of the quota it costs. `shut_seconds`: that share is used up for so long, and no model is
    asked; None when it is not. `stored` is waited for before a model is asked: it is searched for meanwhile.
    """

    library: Library
    text: str
    turns: tuple[Turn, ...]
    recall: Recall
    caller: str = ""
    shut_seconds: float | None = None
    stored: Callable[[], Awaitable[None]] = _nothing


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

    def __init__(
        self,
        models: ChatModels,
        top_k: int,
        budget: Budget | None = None,
        embedder: QueryEmbedder | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        """`embedder` compares sentences by meaning when no model can speak; without one words alone decide."""
        self._models, self._embedder, self._finder = models, embedder, PassageFinder(top_k, reranker)
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
        plan = await self._plan(question)
        await question.stored()
        if plan.reranked is not None:
            yield plan.reranked
        shown: tuple[Passage, ...] | None = None
        filters, said = Filters(), list[str]()
        try:
            if question.shut_seconds is not None:
                raise RateLimited(retry_after=question.shut_seconds)
            async with aclosing(self._speak(plan, question.caller)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Chosen):
                        shown = _passages_of(piece)
                        filters = answer_filters(shown, question.text, question.turns)
                        yield Found(shown, piece.model)
                        continue
                    text = filters.feed(piece.text) if isinstance(piece, Word) else filters.close()
                    if text:
                        said.append(text)
                        if visible:
                            yield Said(text)
                    if isinstance(piece, Finished):
                        answered = _answered("".join(said), shown or (), piece)
                        if not visible:
                            yield Said(answered.text)
                        yield answered
                        return
        except ModelError as error:
            if said and visible:
                raise
            # The router has told the fault; this comes with each question for as long as it lasts.
            _log.debug("answering_without_model", code=error.code, retry_after=error.retry_after)
            answered = await self._answer_without_model(plan, question, error.retry_after)
            if shown is None:
                yield Found(answered.passages, EXTRACTIVE)
            yield Said(answered.text)
            yield answered

    async def summarise(self, summary: str, turns: Sequence[Turn], caller: str = "") -> Summary:
        """A summary of the former summary and these turns. Raises ModelError."""
        prompt, said = FixedPrompt(prompts.summary_messages(summary, turns)), list[str]()
        pieces = self._models.stream(prompt, caller=caller, max_output_tokens=_SUMMARY_TOKENS, purpose="summary")
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Word):
                    said.append(piece.text)
                elif isinstance(piece, Finished):
                    return Summary(summary_filters().read("".join(said)), piece.model, piece.usage)
        raise AssertionError("a model that does not raise ends with Finished")

    async def _plan(self, question: Question) -> "_Plan":
        """Search, unless there is nothing to search for."""
        talk = small_talk_after(question.turns, question.text)
        if talk is not None:
            messages = prompts.small_talk_messages(question.text, question.recall.turns[-_SMALL_TALK_TURNS:])
            return _Plan(FixedPrompt(messages), (), talk)
        caller = question.caller if question.shut_seconds is None else None
        found = await self._finder.find(question.library, question.text, question.turns, caller)
        prompt = TurnPrompt(question.text, found.passages, question.recall, self._budget)
        reranked = Reranked(found.model, found.usage) if found.model else None
        return _Plan(prompt, found.passages, reranked=reranked)

    def _speak(self, plan: "_Plan", caller: str) -> AsyncGenerator[Chosen | Word | Finished, None]:
        if plan.talk is None:
            return self._models.stream(plan.prompt, caller=caller)
        return self._models.stream(
            plan.prompt, caller=caller, max_output_tokens=_SMALL_TALK_TOKENS, purpose="small talk"
        )

    async def _answer_without_model(self, plan: "_Plan", question: Question, retry_after: float | None) -> Answered:
        if plan.talk is not None:
            return answer_politely(plan.talk, retry_after)
        return await quote(question.text, question.turns, plan.passages, self._embedder, retry_after)

    async def _answer(self, question: Question) -> TurnEvent:
        spent = Usage()
        async for event in self.events(question, visible=False):
            if isinstance(event, Reranked):
                spent = event.usage
            elif isinstance(event, Answered):
                return replace(event, usage=spent + event.usage)
        raise AssertionError("a turn ends with Answered")

    async def _transform(self, questions: AsyncIterator[Question]) -> AsyncIterator[TurnEvent]:
        async for question in questions:
            async for event in self.events(question):
                yield event


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a turn asks the model, the passages it has found, the small talk it is, if it is, and what finding cost."""

    prompt: Prompt
    passages: tuple[Passage, ...]
    talk: SmallTalk | None = None
    reranked: Reranked | None = None


def _answered(text: str, shown: tuple[Passage, ...], finished: Finished) -> Answered:
    citations = check_citations(text, shown)
    return Answered(text, shown, finished.model, degraded=False, usage=finished.usage, citations=citations)


def _passages_of(chosen: Chosen) -> tuple[Passage, ...]:
    """The passages that the model was really shown."""
    return chosen.prompt.passages if isinstance(chosen.prompt, FittedTurn) else ()
