"""A question becomes a title of one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.db.titles import MOST_CHARACTERS, automatic

LONG = "When was the bridge over the harbour of the old town opened, and by whom was it paid for?"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How far?", "How far?"),
        ("  How\n far\t is it? ", "How far is it?"),
        (LONG, "When was the bridge over the harbour of the old town opened, and by whom was it…"),
        ("x" * 81, "x" * 79 + "…"),
        ("y" * 80, "y" * 80),
        ("東京" * 50, "東京" * 39 + "東…"),
        ("a " + "b" * 100, "a " + "b" * 77 + "…"),
    ],
)
def test_it_is_the_question_cut_between_words_where_there_are_some(question: str, title: str) -> None:
    assert automatic(question) == title


@given(st.text())
def test_it_is_short_and_stands_on_one_line_and_is_empty_for_nothing_only(question: str) -> None:
    title = automatic(question)
    assert len(title) <= MOST_CHARACTERS
    assert len(title.splitlines()) <= 1
    assert bool(title) == bool(question.strip())
