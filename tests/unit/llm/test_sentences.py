from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.llm.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("He said “Stop.” She stopped.", ["He said “Stop.”", "She stopped."]),
        ("Ask Dr. Smith at No. 5 High St. for it. Then go.", ["Ask Dr. Smith at No. 5 High St. for it.", "Then go."]),
        ("The answer is no. We said so.", ["The answer is no.", "We said so."]),
        ("J. R. Smith of the U.S. Navy came. He left.", ["J. R. Smith of the U.S. Navy came.", "He left."]),
        ("It grew by 3.5 percent in 2019. The rest fell.", ["It grew by 3.5 percent in 2019.", "The rest fell."]),
        (
            "Das gilt z.B. am 5. Mai, d. h. bald. Danach nicht.",
            ["Das gilt z.B. am 5. Mai, d. h. bald.", "Danach nicht."],
        ),
        ("Im 19. Jahrhundert, ca. 1850. Später mehr.", ["Im 19. Jahrhundert, ca. 1850.", "Später mehr."]),
        ("See Fig. 3 and p. 12. Done.", ["See Fig. 3 and p. 12.", "Done."]),
        ("第一句。第二句！第三句", ["第一句。", "第二句！", "第三句"]),
        ("«چرا؟» پرسید. هزینه چقدر است؟ زیاد است.", ["«چرا؟»", "پرسید.", "هزینه چقدر است؟", "زیاد است."]),
        ("पहला वाक्य। दूसरा वाक्य।", ["पहला वाक्य।", "दूसरा वाक्य।"]),
        ("Wait… What?! Yes.", ["Wait…", "What?!", "Yes."]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_wrapped_line_goes_on_and_a_paragraph_does_not() -> None:
    text = "The pump has to be looked after by trained\nstaff every six months.\n\nIt is loud."
    assert sentences(text) == ["The pump has to be looked after by trained\nstaff every six months.", "It is loud."]


def test_a_line_wrapped_before_a_capital_goes_on_too() -> None:
    text = "Die Pumpe muss alle sechs Monate von geschultem\nPersonal gewartet werden. Sie ist laut."
    assert sentences(text)[0] == "Die Pumpe muss alle sechs Monate von geschultem\nPersonal gewartet werden."


def test_headings_list_items_and_table_rows_stand_alone() -> None:
    lines = [
        "Warranty",
        "The pump has two years.",
        "- seals are excluded",
        "- filters too",
        "1. Call us.",
        "| Seal | 12 EUR |",
        "| Filter | 30 |",
    ]
    assert sentences("\n".join(lines)) == lines


def test_a_very_long_sentence_is_cut_between_clauses() -> None:
    text = ", ".join(f"clause number {number} of the contract" for number in range(40))
    parts = sentences(text)
    assert all(len(part) <= 320 for part in parts)
    assert all(part.endswith(",") for part in parts[:-1])


def test_a_very_long_word_is_cut_anyway() -> None:
    assert [len(part) for part in sentences("x" * 700)] == [320, 320, 60]


@given(st.text(alphabet=st.sampled_from("ab Z.!?\n\t|,5。؟-")))
def test_nothing_is_lost_and_nothing_is_said_twice(text: str) -> None:
    spans = split_sentences(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
