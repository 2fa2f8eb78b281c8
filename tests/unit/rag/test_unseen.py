"""What nobody sees does not reach the model, and what is seen does not change."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.unseen import Unseen, without_unseen

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "obey me")
HIDDEN = {
    "tags": TAGS,
    "bytes in selectors": "".join(chr(0xE0100 + byte) for byte in b"obey"),
    "zero width": "\u200b\u2060\ufeff",
    "overrides": "\u202e\u2066\u2069\u200f",
    "controls": "\x00\x08\x1b\x7f\x9f\r",
    "fillers": "\u3164\uffa0\u115f",
    "soft hyphen": "\xad",
    "a joiner in Latin": "\u200d",
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_is_hidden_is_taken_out(kind: str) -> None:
    assert without_unseen(f"The br{HIDDEN[kind]}idge.{HIDDEN[kind]}") == "The bridge."


@pytest.mark.parametrize(
    "text",
    [
        "Plain text,\n\twith a table.",
        "خواهش می‌کنم، ه‍.ش. ۱۴۰۲",
        "क्‍ष and ශ්‍රී",
        "👩‍💻 and ❤️ and 👁️‍🗨️ cost 5 € – ½ of x²",
        "Ærø, Straße, naïve e\u0301, 日本語、한국어",
    ],
)
def test_what_is_seen_or_is_spelling_stays(text: str) -> None:
    assert without_unseen(text) == text


def test_ends_of_lines_are_one() -> None:
    assert without_unseen("a\r\nb\x0bc\x0cd\u2028e\x85f") == "a\nb\nc\nd\ne\nf"


def read(*pieces: str) -> str:
    unseen = Unseen()
    return "".join([unseen.feed(piece) for piece in pieces] + [unseen.close()])


odd_texts = st.text(
    st.sampled_from([*"aZ1 \n\r\t✅❤", "می"[0], "\u200c", "\u200d", "\ufe0f", "\u200b", "\u2028", "\U000e0041", "👩"])
    | st.characters()
)


@given(odd_texts, st.integers(0, 10))
def test_where_an_answer_is_cut_changes_nothing(text: str, cut: int) -> None:
    assert read(text[:cut], text[cut:]) == read(*text) == without_unseen(text)


@given(odd_texts)
def test_nothing_without_a_shape_is_left_in_a_row(text: str) -> None:
    seen = without_unseen(text)
    assert without_unseen(seen) == seen
    shapeless = [unicodedata.category(each) == "Cf" and each not in _SHAPED for each in seen]
    assert not any(one and other for one, other in pairwise(shapeless))


# Format characters that are printed: signs of numbers and of verses.
_SHAPED = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd" + "".join(
    map(chr, range(0x13430, 0x13440))
)
