"""A word has the same form in a question and in the index, however it is written."""

import pytest

from conversational_rag.db.spelling import asked_words, further_words, is_beginning


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Søren", "soren"),
        ("Łódź", "lódź"),
        ("ısı", "isi"),
        ("مُحَمَّد", "محمد"),
        ("والمكتبة", "مكتبه"),
        ("للعقد", "عقد"),
        ("كتاب", "کتاب"),
        ("العــقد", "عقد"),
        ("١٢٣", "123"),
        ("۱۲۳", "123"),
        ("１２３", "123"),
        ("ﬁnance", "finance"),
        ("m²", "m2"),
    ],
)
def test_both_ways_of_writing_meet(written: str, typed: str) -> None:
    assert asked_words(written) == asked_words(typed)
    assert further_words(f"x {written}, y") == " ".join(asked_words(typed))


@pytest.mark.parametrize("text", ["Plain words.", "“Quoted” — naïve café, Müller, Straße", "हिन्दी", "کتاب", "", "桥"])
def test_texts_that_the_tokenizer_reads_need_no_further_words(text: str) -> None:
    assert further_words(text) is None


def test_scripts_without_spaces_are_cut_into_overlapping_pieces() -> None:
    assert further_words("旧桥长 480米") == "旧桥 桥长 长 480 米"
    assert further_words("계약서는") == "계약 약서 서는 는"
    assert further_words("ที่นี่ไทย") == "ทนไ นไท ไทย ทย ย"
    assert asked_words("图书馆的书") == ["图书", "书馆", "馆的", "的书"]
    assert asked_words("2023年度报告") == ["2023", "年度", "度报", "报告"]


def test_of_a_few_chinese_characters_each_is_asked_for() -> None:
    assert asked_words("旧桥") == ["旧桥", "旧", "桥"]
    assert [is_beginning(form) for form in asked_words("旧桥")] == [False, True, True]


@pytest.mark.parametrize(
    ("form", "beginning"), [("桥", True), ("ทน", True), ("ไทย", False), ("a", False), ("ب", False)]
)
def test_what_is_shorter_than_a_piece_is_a_beginning(form: str, beginning: bool) -> None:
    assert is_beginning(form) == beginning


@pytest.mark.parametrize("text", ["ـ", "\u064b", "\ud800漢字", "漢" * 10_000, "ا" * 10_000, "\u0e31"])
def test_any_text_can_be_read(text: str) -> None:
    further_words(text)
    assert all(asked_words(text))
