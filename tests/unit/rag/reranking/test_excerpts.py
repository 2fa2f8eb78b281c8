"""An excerpt is the stretch of a text that holds what is wanted."""

from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.reranking.excerpts import excerpt

SAND = "Sand lies on the beach. " * 40


def test_a_short_text_is_shown_whole() -> None:
    assert excerpt("A ferry sails.", ["harbour"], 400) == "A ferry sails."


def test_the_part_that_holds_most_of_the_words_is_shown() -> None:
    text = f"{SAND}A ferry. {SAND}The slow ferry sails at nine. {SAND}"
    shown = excerpt(text, ["slow", "ferry", "nine"], 200)
    assert "The slow ferry sails at nine." in shown
    assert len(shown) <= 200
    assert shown in text


def test_without_any_of_the_words_it_is_the_beginning() -> None:
    assert SAND.startswith(excerpt(SAND, ["ferry"], 100))


def test_words_at_the_very_end_are_found() -> None:
    assert excerpt(f"{SAND}slow ferry", ["slow", "ferry"], 50).endswith("slow ferry")


@given(st.text(), st.lists(st.text()), st.integers(4, 60))
def test_it_is_always_a_part_of_the_text_and_never_longer(text: str, words: list[str], characters: int) -> None:
    shown = excerpt(text, words, characters)
    assert shown in text
    assert len(shown) <= characters
    assert shown or not text.strip()
