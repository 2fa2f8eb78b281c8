"""What stands in extracted text can be read and searched."""

import pytest

from conversational_rag.ingestion.text.characters import clean, spell_out
from conversational_rag.ingestion.text.hyphenation import join_broken_words


def test_line_ends_become_one() -> None:
    assert clean("a\r\nb\rc\x0bd\x0ce\u2028f\u2029g") == "a\nb\nc\nd\ne\nf\n\ng"


def test_what_cannot_be_read_is_left_out() -> None:
    assert clean("a\x00b\x1fc\x7fd\x9fe\ud800f\ufeffg\ufffe") == "abcdefg"


def test_joiners_and_marks_of_other_scripts_stay() -> None:
    assert clean("می‌خواهد 👩‍🔧 e\u0301") == "می‌خواهد 👩‍🔧 e\u0301"


def test_ligatures_and_presentation_forms_become_letters() -> None:
    assert spell_out("ﬁnd the eﬀort in the oﬃce") == "find the effort in the office"
    assert spell_out("ﺳﻼﻡ") == "سلام"
    assert spell_out("⼀⽇") == "一日"


def test_digits_fractions_and_superscripts_stay() -> None:
    assert spell_out("x² + ½ ≤ 10⁻³ ①") == "x² + ½ ≤ 10⁻³ ①"


def test_bullets_of_symbol_fonts_stay_bullets() -> None:
    assert spell_out("\uf0b7 item \ue123") == "• item "


@pytest.mark.parametrize("mark", ["\x02", "\ufffe", "-\n", "\u2010\n", "\u00ad\n"])
def test_a_word_broken_at_a_line_end_is_whole_again(mark: str) -> None:
    assert join_broken_words([f"the informa{mark}tion desk"]) == ["the information desk"]
    assert join_broken_words([f"an OP{mark}TIONAL field"]) == ["an OPTIONAL field"]


def test_a_hyphen_that_belongs_to_the_word_stays() -> None:
    pages = [
        "a well\x02known quay, Müller\x02Schmidt, COVID\x0219, Vor\x02und Nachteile, 2019\x022020",
        "It is well known.",
    ]
    assert join_broken_words(pages)[0] == "a well-known quay, Müller-Schmidt, COVID-19, Vor- und Nachteile, 2019-2020"


def test_soft_hyphens_inside_words_vanish() -> None:
    assert join_broken_words(["a soft\u00adhyphen"]) == ["a softhyphen"]


def test_other_line_ends_stay() -> None:
    pages = ["the first line\nthe second, from 2019-\n2020\n- a list\n-\nend"]
    assert join_broken_words(pages) == pages
