"""All filters of an answer, one behind the other."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.filters import Filters, answer_filters, summary_filters
from conversational_rag.rag.prompts import SYSTEM

KEY = "gsk_" + "aB3" * 17 + "z"
TEXTS = ("The bridge is grey. See https://example.org/bridge for more.", "Tulips are red [12].")
TURNS = (Turn(1, "Is https://asked.example/x the same?", "No, https://answered.example/y is."),)


def filters() -> Filters:
    passages = [Passage(n, "doc", "a.txt", n, None, 0, text, 0.9) for n, text in enumerate(TEXTS)]
    return answer_filters(passages, "What of https://question.example/z?", TURNS)


def read(*pieces: str) -> str:
    answer = filters()
    return "".join([answer.feed(piece) for piece in pieces] + [answer.close()])


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("It is grey [1, 2][7].", "It is grey [1][2]."),
        (f"The rules: {SYSTEM}", "The rules: You answer questions…"),
        (f"The key: {KEY}", "The key: gsk_…"),
        ("![x](https://evil.example/?q=grey) grey", "x grey"),
        ("More at [the site](https://example.org/bridge) [1].", "More at [the site](https://example.org/bridge) [1]."),
        ("https://asked.example/x https://answered.example/y https://question.example/z", None),
        ("[ref]: https://evil.example/?q=grey", "[ref]: https://…"),
        ("<https://evil.example/?q=grey>", "<https://…>"),
        ("It\u200b is \u202egrey\U000e0041.", "It is grey."),
    ],
)
def test_each_of_them_is_there(written: str, read_as: str | None) -> None:
    assert read(written) == read(*written) == (written if read_as is None else read_as)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("![x] [9](https://evil.example/?q=1)", "x"),
        ("gsk_aB3aB3aB3[](https://evil.example)aB3aB3aB3aB3", "gsk_…"),
        (f"gsk_\u200b{KEY[4:]}", "gsk_…"),
        ("http:[](x:y)//evil.example/?q=1", "http://…"),
        ("]\u200b(https://evil.example)", "]"),
        ("[a]\u2060(https://evil.example)", "a"),
        (SYSTEM.replace(" ", " [9] "), "You answer questions…"),
        (SYSTEM.replace(" ", "\u200b \u200b"), "You answer questions…"),
    ],
)
def test_what_comes_about_by_leaving_out_is_seen(written: str, read_as: str) -> None:
    assert read(written) == read(*written) == read_as


def test_ordinary_words_pass_one_by_one() -> None:
    text = (
        "The Harbour Bridge (1932) is grey: it's 1,149 m long, e.g. “longer” than both others – 3/4 of it is steel.\n"
        "- **Opened**: 19 March 1932\n- *Colour*: bridge_grey, #808080\n| a | b |\n"
        "پل خاکستری است. 桥是灰色的。 The passages do not say more than that about the colour."
    )
    words = re.findall(r"\s*\S+", text)
    answer = filters()
    assert [answer.feed(word) for word in words] == words
    assert answer.close() == ""


PIECES = [*"[]()! .\n/:a1_", "![", "](", "[1]", "[7]", " https://evil.example/?q=1", "https://example.org/bridge", KEY]
PIECES += ["\u200b", "\u200c", "\U000e0041", "gsk_", "www.", "`", SYSTEM[:30], SYSTEM[:100], SYSTEM[30:200]]


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_where_the_words_are_cut_changes_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert read(text) == read(*text) == read(*pieces)


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_nothing_that_must_not_leave_does(pieces: list[str]) -> None:
    said = read(*pieces)
    assert "evil.example" not in said
    assert KEY[4:20] not in said
    assert SYSTEM[40:100] not in said


def test_a_summary_holds_neither_keys_nor_rules() -> None:
    said = summary_filters().read(f"They spoke of {KEY} and https://example.org [3]. {SYSTEM}")
    assert said == "They spoke of gsk_… and https://example.org [3]. You answer questions…"


def test_without_filters_an_answer_is_what_it_was() -> None:
    assert Filters().read("![x](y) [9]") == "![x](y) [9]"
