"""Answers without a model: the sentences of the passages that fit best, word by word; or that none does."""

from collections.abc import Mapping, Sequence

from conversational_rag.embedding.recent import QueryEmbedder
from conversational_rag.llm.base import Usage
from conversational_rag.llm.extractive import Extraction, render
from conversational_rag.rag import replies
from conversational_rag.rag.citations import quoted
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.events import Answered
from conversational_rag.rag.keys import mask_keys
from conversational_rag.rag.languages import told_language
from conversational_rag.rag.query import QUESTION_CHARACTERS
from conversational_rag.rag.small_talk import SmallTalk, without_small_talk

EXTRACTIVE = "extractive"


async def quote(
    question: str,
    turns: Sequence[Turn],
    passages: Sequence[Passage],
    embedder: QueryEmbedder | None = None,
    retry_after: float | None = None,
) -> Answered:
    """The sentences that fit the question best by words and, with an embedder, by meaning; or a refusal in the
    question's language where none fits."""
    last = without_small_talk(turns, 1)
    extraction = Extraction(question, [each.text for each in passages], [turn.question for turn in last])
    quotes = extraction.quotes(await _similarities(question, extraction.to_compare(), embedder))
    text = mask_keys(render(quotes)) if quotes else replies.refusal(_language(question, last))
    citations = quoted(passages, {quote.passage for quote in quotes})
    return Answered(text, tuple(passages), EXTRACTIVE, True, Usage(), retry_after, citations=citations)


async def _similarities(
    question: str, sentences: Sequence[str], embedder: QueryEmbedder | None
) -> Mapping[str, float] | None:
    """The cosine of each sentence to the question, all of them embedded at once."""
    if embedder is None or not sentences:
        return None
    asked, *compared = await embedder.embed_queries([question[:QUESTION_CHARACTERS], *sentences])
    return {text: float(vector @ asked) for text, vector in zip(sentences, compared, strict=True)}


def answer_politely(talk: SmallTalk, retry_after: float | None = None) -> Answered:
    """To small talk."""
    return Answered(replies.reply(talk), (), EXTRACTIVE, True, Usage(), retry_after)


def _language(question: str, turns: Sequence[Turn]) -> str | None:
    return told_language(question) or next((told_language(turn.question) for turn in turns), None)
