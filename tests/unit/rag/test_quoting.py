"""Answers without a model."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from conversational_rag.embedding.base import Vectors
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.quoting import quote
from conversational_rag.rag.replies import refusal

TEXTS = ("The pump is loud. See rule [2].", "Seals are red.")
PASSAGES = [Passage(n, "doc", "a.txt", n, None, 0, text, 0.9) for n, text in enumerate(TEXTS)]


async def test_what_is_quoted_is_cited_and_verified_and_nothing_else() -> None:
    answered = await quote("Which colour are the seals?", (), PASSAGES)
    assert answered.text == "“Seals are red.” [2]"
    assert [(each.cited, each.verified) for each in answered.citations] == [(False, None), (True, True)]
    assert answered.passages == tuple(PASSAGES)


async def test_brackets_inside_a_quote_cite_nothing() -> None:
    answered = await quote("What is the rule?", (), PASSAGES)
    assert answered.text == "“See rule [2].” [1]"
    assert [each.cited for each in answered.citations] == [True, False]


async def test_a_key_is_masked_in_a_quote_and_in_the_source_it_stays() -> None:
    text = f"The password of the pump is gsk_{'aB3' * 17}z."
    answered = await quote("What is the password of the pump?", (), [replace(PASSAGES[0], text=text)])
    assert answered.text == "“The password of the pump is gsk_….” [1]"
    assert answered.passages[0].text == text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who won the football match?", "No passage of the documents answers this question."),
        ("Wer hat das Fußballspiel gewonnen?", "Keine Stelle der Dokumente beantwortet diese Frage."),
        ("Qui a gagné le match de football ?", "Aucun passage des documents ne répond à cette question."),
        ("چه کسی مسابقه را برد؟", "هیچ بخشی از اسناد به این پرسش پاسخ نمی‌دهد."),
        ("من فاز في المباراة؟", "لا يوجد في المستندات مقطع يجيب عن هذا السؤال."),
        ("谁赢了足球比赛？", "文档中没有能回答这个问题的段落。"),
        ("サッカーの試合は誰が勝ちましたか？", "この質問に答える箇所は文書にありません。"),
    ],
)
async def test_where_nothing_fits_the_answer_is_a_refusal_in_the_language_of_the_question(
    question: str, expected: str
) -> None:
    answered = await quote(question, (), PASSAGES)
    assert (answered.text, answered.degraded) == (expected, True)
    assert not any(each.cited for each in answered.citations)


async def test_a_question_that_tells_no_language_is_refused_in_that_of_the_one_before() -> None:
    before = [Turn(1, "Wer hat das gewonnen?", "Niemand."), Turn(3, "danke", "Bitte.")]
    assert (await quote("Elfmeter?", before, PASSAGES)).text.startswith("Keine Stelle")


async def test_a_follow_up_is_read_in_the_light_of_the_last_question_that_was_one() -> None:
    before = [Turn(1, "Which colour are the seals?", "Red."), Turn(3, "thanks", "You are welcome.")]
    assert (await quote("And now?", before, PASSAGES)).text == "“Seals are red.” [2]"


class Axes:
    """Texts about noise have one vector, all others another."""

    def __init__(self) -> None:
        self.calls: list[Sequence[str]] = []

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(texts)
        return np.array([[1, 0] if re.search("loud|noisy", text) else [0, 1] for text in texts], dtype=np.float32)


async def test_meaning_finds_what_words_do_not_with_one_embedding_call() -> None:
    axes = Axes()
    assert (await quote("Is it noisy?", (), PASSAGES)).text == refusal("en")
    assert (await quote("Is it noisy?", (), PASSAGES, axes)).text == "“The pump is loud.” [1]"
    assert [texts[0] for texts in axes.calls] == ["Is it noisy?"]
    assert (await quote("Is it noisy?", (), PASSAGES[1:], axes)).text == refusal("en")
