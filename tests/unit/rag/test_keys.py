"""Keys, whole and cut over many words."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.keys import Keys, mask_keys
from conversational_rag.security.keys import new_key

GROQ = "gsk_" + "aB3" * 17 + "z"
OWN = "crag_4ik3ye0uihsu_" + "aB3" * 14 + "-"


def read(*pieces: str) -> str:
    keys = Keys()
    return "".join([keys.feed(piece) for piece in pieces] + [keys.close()])


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (f"The key is {GROQ}.", "The key is gsk_…."),
        (f"GROQ_API_KEY={GROQ}\nPORT=80", "GROQ_API_KEY=gsk_…\nPORT=80"),
        (f"`{OWN}` and {GROQ}", "`crag_…` and gsk_…"),
        (f"x{GROQ}{OWN}{GROQ}", "xgsk_…crag_…"),
        (f"{GROQ}{GROQ}", "gsk_…gsk_…"),
        (f"crag_{GROQ} gsk_{OWN}", "crag_gsk_… gsk_crag_…"),
        (OWN[:40], "crag_…"),
        (GROQ[:30], "gsk_…"),
    ],
)
def test_a_key_is_masked_wherever_it_stands(written: str, read_as: str) -> None:
    assert read(written) == read(*written) == mask_keys(written) == read_as


@pytest.mark.parametrize(
    "text",
    [
        "Keys begin with gsk_ or crag_.",
        "Set GROQ_API_KEY=gsk_your_key_here and go on.",
        "A snake_case_name, crag_top, gsk_",
        "crag_0123456789ab has no secret",
    ],
)
def test_what_only_begins_like_one_stays(text: str) -> None:
    assert read(text) == read(*text) == mask_keys(text) == text


def test_words_pass_at_once() -> None:
    keys = Keys()
    words = ["Thinking", " about", " a", " big", " dragc", "rag", " pegs", "k", " and", " gsk"]
    assert [keys.feed(word) for word in words] == words


def test_every_key_that_this_service_makes_is_masked() -> None:
    for _ in range(100):
        key = new_key()
        said = read(f"key: {key.text}, ", "more")
        assert said == "key: crag_…, more"
        assert key.secret not in said


def test_the_key_at_the_end_of_an_answer_is_masked_too() -> None:
    assert read("It is gsk", "_", secrets.token_hex(30)) == "It is gsk_…"


@given(st.lists(st.sampled_from(["gsk_", "crag_", "_", "a", "B", " ", "-", "abcdefgh1234", OWN[18:], GROQ[4:]])))
def test_where_the_words_are_cut_changes_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert read(text) == read(*text) == read(*pieces)
    assert mask_keys(read(text)) == read(text)
