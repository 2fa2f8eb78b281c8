"""Words are taken from what people write, in many scripts, without the small ones."""

import pytest

from conversational_rag.rag.words import content_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the Harbour's depth?", ["harbour", "depth"]),
        ("Wie tief ist der Hafen, bitte?", ["tief", "hafen"]),
        ("Quelle est la profondeur du port ?", ["profondeur", "port"]),
        ("Who won the war?", ["won", "war"]),
        ("Does a car insurance cover it?", ["car", "insurance", "cover"]),
        ("Can you tell me what this is?", []),
        ("Revenue 2022: 3.5 or 1,200.75?", ["revenue", "2022", "3.5", "1,200.75"]),
        ("snake_case and XR-7000", ["snake", "case", "xr", "7000"]),
        ("bread, Bread & BREAD", ["bread"]),
        ("مُحَمَّدٌ في البيت", ["مُحَمَّدٌ", "في", "البيت"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("Cafe\u0301 Zoe\u0308", ["café", "zoë"]),
        ('"* ^ ( ) : - 🙂 \x00', []),
        ("", []),
    ],
)
def test_content_words(text: str, expected: list[str]) -> None:
    assert content_words(text) == expected


def test_all_words_are_kept_when_asked_for() -> None:
    assert words("To be or not to be?") == ["to", "be", "or", "not"]


def test_a_mark_alone_is_no_word() -> None:
    assert words("\u0301 \u064e ا\u064e") == ["ا\u064e"]
