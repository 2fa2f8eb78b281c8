import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.llm.extractive import Extraction, Quote, extract_answer, render

TWO_YEARS = "The pump has a warranty of 24 months from the date of purchase."
PUMP = f"Warranty\n{TWO_YEARS} It covers all parts except seals. Contact Dr. Smith at No. 5 High St. for claims."
EVERY_6_MONTHS = "Maintenance must be carried out every 6 months, e.g. in spring and autumn."
CARE = f"{EVERY_6_MONTHS} Use only original parts. Oil: SAE 30."
SHOP = "How long does delivery take?\nUsually three working days. Returns are free within 30 days."


def answer(question: str, *passages: str, **more: object) -> list[tuple[int, str]]:
    return [(quote.passage, quote.text) for quote in extract_answer(question, passages, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "How long is the pump under warranty?",
            (0, TWO_YEARS),
        ),
        ("Which warranties does it have?", (0, TWO_YEARS)),
        ("Are seals covered?", (0, "It covers all parts except seals.")),
        ("Who takes claims?", (0, "Contact Dr. Smith at No. 5 High St. for claims.")),
        ("How often is maintenance needed?", (1, EVERY_6_MONTHS)),
        ("Which oil does it need?", (1, "Oil: SAE 30.")),
        ("What happens after 24 months?", (0, TWO_YEARS)),
        ("How long does the delivery take?", (2, "Usually three working days.")),
    ],
)
def test_the_sentence_that_answers_is_quoted(question: str, expected: tuple[int, str]) -> None:
    assert expected in answer(question, PUMP, CARE, SHOP)


@pytest.mark.parametrize(
    ("question", "passage", "expected"),
    [
        ("Was kostet die Wartung?", "Die Anlage ist laut. Die Kosten der Wartung betragen 1.200 Euro.", "1.200 Euro"),
        ("Quel est le délai de livraison ?", "Le prix est fixe. La livraison a un délai de dix jours.", "dix jours"),
        ("هزینهٔ تعمیر چقدر است؟", "گارانتی پمپ ۲۴ ماه است. هزینه تعمیر پانصد هزار تومان است.", "پانصد هزار"),
        ("كم تكلفة الإصلاح؟", "المضخة جديدة. تكلفة الإصلاح مئة دينار.", "مئة دينار"),
        ("维修费用是多少？", "泵的保修期为24个月。维修费用为500元。请联系客服。", "500元"),
        ("How much is a filter?", "| Part | Price |\n| Seal | 12 EUR |\n| Filter | 30 EUR |", "30 EUR"),
    ],
)
def test_other_languages_and_tables_are_quoted_too(question: str, passage: str, expected: str) -> None:
    assert any(expected in text for _, text in answer(question, passage))


def test_a_follow_up_is_read_in_the_light_of_the_question_before() -> None:
    alone = answer("And the costs?", "The pump is loud. The fan is small.")
    followed = answer("And the costs?", "The pump is loud. The fan is small.", context=["How loud is the fan?"])
    assert alone == []
    assert (0, "The fan is small.") in followed


def test_what_was_asked_now_counts_more_than_what_was_asked_before() -> None:
    (first, *_) = answer("Is the pump loud?", "The fan is small. The pump is loud.", context=["fan"], max_sentences=1)
    assert first == (0, "The pump is loud.")


def test_without_a_word_in_common_nothing_is_quoted() -> None:
    assert answer("quantum chromodynamics", CARE, PUMP) == []


def test_a_question_of_small_words_alone_is_answered_by_the_beginning_of_the_best_passage() -> None:
    assert answer("What is it about?", CARE, PUMP) == [(0, EVERY_6_MONTHS)]
    assert answer("What is it about?", PUMP) == [(0, "Warranty"), (0, TWO_YEARS)]


def quoted(question: str, *passages: str, near: dict[str, float]) -> list[str]:
    extraction = Extraction(question, passages)
    assert set(near) <= set(extraction.to_compare())
    similarities = {text: near.get(text, 0.0) for text in extraction.to_compare()}
    return [quote.text for quote in extraction.quotes(similarities)]


def test_a_sentence_that_means_what_is_asked_is_preferred_to_one_that_shares_as_many_words() -> None:
    passage = "The price list is red. It is 12 EUR in price. The price office is closed."
    assert "It is 12 EUR in price." not in [text for _, text in answer("Which price?", passage, max_sentences=1)]
    extraction = Extraction("Which price?", [passage])
    (best,) = extraction.quotes({text: 0.9 if "12" in text else 0.1 for text in extraction.to_compare()}, 1)
    assert best.text == "It is 12 EUR in price."


def test_without_a_word_in_common_the_nearest_sentence_is_quoted_if_it_is_near_enough() -> None:
    assert quoted("How expensive?", PUMP, CARE, near={"Oil: SAE 30.": 0.6, TWO_YEARS: 0.4}) == ["Oil: SAE 30."]
    assert quoted("How expensive?", PUMP, CARE, near={"Oil: SAE 30.": 0.2}) == []


def test_one_common_word_of_many_is_no_answer_unless_it_is_near() -> None:
    question = "Which team won the national football championship after the pump broke in Dortmund yesterday?"
    assert quoted(question, PUMP, CARE, near={TWO_YEARS: 0.1}) == []
    assert TWO_YEARS in quoted(question, PUMP, CARE, near={TWO_YEARS: 0.5})


def test_only_the_best_by_words_are_compared() -> None:
    passage = " ".join(f"Pump number {n} is loud." for n in range(40))
    assert len(Extraction("Which pump is loud?", [passage]).to_compare()) == 12
    assert Extraction("What is it?", [passage]).to_compare() == ()


def test_quotes_come_in_reading_order() -> None:
    quotes = extract_answer("seals claims warranty delivery", [PUMP, CARE, SHOP])
    assert list(quotes) == sorted(
        quotes, key=lambda quote: (quote.passage, [PUMP, CARE, SHOP][quote.passage].find(quote.text))
    )
    assert len(quotes) > 1


def test_the_same_sentence_in_two_passages_is_quoted_once() -> None:
    assert answer("seals", "It covers all seals.", "It covers  all seals. It is new.") == [(0, "It covers all seals.")]


def test_the_better_passage_wins_a_tie() -> None:
    assert answer("seals", "New seals are red.", "Old seals are red.", max_sentences=1) == [(0, "New seals are red.")]


@pytest.mark.parametrize("passages", [[], [""], [" \n "], ["—"]])
def test_without_text_there_is_no_answer(passages: list[str]) -> None:
    assert extract_answer("anything", passages) == ()


def test_no_more_sentences_than_asked_for() -> None:
    assert len(extract_answer("pump warranty seals claims", [PUMP, CARE, SHOP], max_sentences=2)) == 2
    assert extract_answer("pump", [PUMP], max_sentences=0) == ()


def test_each_quote_is_a_line_with_the_number_of_its_passage() -> None:
    assert render([Quote(0, "One."), Quote(2, "Two.")]) == "“One.” [1]\n“Two.” [3]"
    assert render([]) == ""


TEXTS = st.text(alphabet=st.sampled_from("abc ABC.!?\n\t|,5。؟یپ-ß世"), max_size=200)


@given(TEXTS, st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=2), st.integers(0, 4))
def test_every_quote_stands_in_its_passage_exactly(
    question: str, passages: list[str], context: list[str], most: int
) -> None:
    quotes = extract_answer(question, passages, context=context, max_sentences=most)
    assert len(quotes) <= most
    assert len({quote.text for quote in quotes}) == len(quotes)
    for quote in quotes:
        assert quote.text in passages[quote.passage]
        assert quote.text == quote.text.strip() != ""


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_at_all_is_taken(question: str, passages: list[str]) -> None:
    lines = render(extract_answer(question, passages))
    assert not lines or re.search(r"” \[\d+\]$", lines)
