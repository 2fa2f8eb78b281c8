"""Words are taken from what people write, in many scripts, without the small ones."""

import pytest

from conversational_rag.rag.words import beginnings, content_words, other_spellings, words


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
        ("Wer hat den Krieg gewonnen? War das die Wahl?", ["krieg", "gewonnen", "wahl"]),
        ("¿Cuánto mide el puente?", ["mide", "puente"]),
        ("Hoe lang is de brug?", ["lang", "brug"]),
        ("Köprü ne kadar uzun?", ["köprü", "uzun"]),
        ("Какова длина моста?", ["длина", "моста"]),
        ("مُحَمَّدٌ في البيت", ["محمد", "بیت"]),
        ("طول پل چقدر است؟ ۴۸۰", ["طول", "پل", "480"]),
        ("这座桥的长度是多少？", ["座桥", "座", "桥", "长度", "长", "度"]),
        ("橋の長さはどれくらいですか", ["橋", "長さ", "長"]),
        ("계약은 언제", ["계약", "약은", "언제"]),
        ("ＡＢＣ１２３ m² Søren", ["abc123", "m2", "soren"]),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wer ist Herr Müller?", ["mueller"]),
        ("Wer ist Herr Mueller?", ["müller"]),
        ("What did Mueller say?", ["müller"]),
        ("the poet of value", []),
        ("Queen Value Does", []),
        ("Wo ist die Hauptstrasse?", ["hauptstraße"]),
        ("die größte Straße", ["groesste", "strasse"]),
    ],
)
def test_umlauts_are_asked_for_in_both_spellings_where_they_may_be_meant(text: str, expected: list[str]) -> None:
    assert other_spellings(text) == expected


def test_inflected_words_are_asked_for_by_their_beginnings_but_in_english() -> None:
    assert beginnings(["kündigungen", "öl", "2023"], "de") == ["kündigung"]
    assert beginnings(["договора"], "ru") == ["договор"]
    assert beginnings(["کتابها"], "fa") == ["کتاب"]
    assert beginnings(["contracts"], "en") == []


def test_a_mark_alone_is_no_word() -> None:
    assert words("\u0301 \u064e ا\u064e") == ["ا"]
