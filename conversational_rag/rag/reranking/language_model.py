"""The reranker that asks a language model for the order: a second call a turn, on the same quota as the answers."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import structlog

from conversational_rag.errors import ModelError
from conversational_rag.llm.base import ChatModels, Chosen, Finished, FixedPrompt, Usage, Word
from conversational_rag.rag import prompts
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.reranking.base import Reranking, Wanted
from conversational_rag.rag.reranking.excerpts import excerpt
from conversational_rag.rag.words import content_words

# Twenty whole passages would be more than half of what a free key gives a model in a minute.
_EXCERPT_CHARACTERS = 400
# A dozen numbers and the thoughts before them.
_OUTPUT_TOKENS = 300
_PATIENCE_SECONDS = 5.0
_NUMBER, _LETTER = re.compile(r"(?<!\d)\d{1,3}(?!\d)"), re.compile(r"[^\W\d_]")
_log = structlog.get_logger()


class LanguageModelReranker:
    """Implements `Reranker`. It never fails and never waits long: without an answer the order stays."""

    def __init__(self, models: ChatModels, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """`patience_seconds` is how long a turn may wait for it, for quota included."""
        self._models, self._patience_seconds = models, patience_seconds

    async def start(self) -> None:
        """See `Reranker`; there is nothing to load."""

    async def rerank(self, wanted: Wanted, passages: Sequence[Passage]) -> Reranking:
        """See `Reranker`. The scores are those that the passages had, in falling order."""
        if len(passages) < 2 or wanted.caller is None:
            return Reranking(tuple(passages))
        call = _Call()
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._ask(call, wanted.shortened(), wanted.caller, passages)
        except (ModelError, TimeoutError) as error:
            _log.info("reranking_left_out", reason=getattr(error, "code", "too late"))
            call.said = ""
        return Reranking(reordered(passages, call.said), call.model, call.usage)

    async def close(self) -> None:
        """See `Reranker`."""

    async def _ask(self, call: "_Call", wanted: Wanted, caller: str, passages: Sequence[Passage]) -> None:
        prompt = FixedPrompt(prompts.reranking_messages(wanted.question, wanted.before, _excerpts(wanted, passages)))
        pieces = self._models.stream(prompt, caller=caller, max_output_tokens=_OUTPUT_TOKENS, purpose="reranking")
        async with aclosing(pieces):
            async for piece in pieces:
                call.take(piece)


class _Call:
    """What has come of a call; one that breaks off was a call as well."""

    def __init__(self) -> None:
        self.said, self.model, self.usage = "", "", Usage()

    def take(self, piece: Chosen | Word | Finished) -> None:
        """The next piece."""
        if isinstance(piece, Chosen):
            self.model, self.usage = piece.model, Usage(llm_calls=1)
        elif isinstance(piece, Word):
            self.said += piece.text
        else:
            self.model, self.usage = piece.model, piece.usage


def reordered(passages: Sequence[Passage], said: str) -> tuple[Passage, ...]:
    """The passages whose numbers (from 1) were said, then the others as they stand; all of those when it is no list."""
    numbers = [] if _LETTER.search(said) else [int(number) - 1 for number in _NUMBER.findall(said)]
    first = dict.fromkeys(number for number in numbers if 0 <= number < len(passages))
    order = [*first, *(number for number in range(len(passages)) if number not in first)]
    scores = sorted((passage.score for passage in passages), reverse=True)
    return tuple(replace(passages[number], score=score) for number, score in zip(order, scores, strict=True))


def _excerpts(wanted: Wanted, passages: Sequence[Passage]) -> list[Passage]:
    words = content_words(f"{wanted.before} {wanted.question}")
    return [replace(each, text=excerpt(each.text, words, _EXCERPT_CHARACTERS)) for each in passages]
