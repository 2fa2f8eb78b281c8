"""What is cited, and whether it stands there."""

import pytest

from conversational_rag.rag.citations import Citation, check_citations, statements
from conversational_rag.rag.conversation import Passage

BRIDGE = (
    "The Harbour Bridge was opened on 19 March 1932. It is painted in a colour called bridge grey. Its upkeep costs"
    " 1,200 € a year, 3.5 % of the town's budget, and eight men paint it."
)
TULIPS = "Tulips are planted in October. Red ones cost 7 €."
NOT_CITED = Citation(False, None)


def passage(text: str, filename: str = "report_2022.pdf") -> Passage:
    return Passage(1, "doc", filename, 0, 3, 0, text, 0.9, place="Chapter Rivers")


def check(answer: str, *texts: str) -> list[tuple[bool, bool | None]]:
    found = check_citations(answer, [passage(text) for text in texts or (BRIDGE, TULIPS)])
    return [(each.cited, each.verified) for each in found]


@pytest.mark.parametrize(
    "answer",
    [
        "The bridge was opened in 1932 [1].",
        "It was opened on 1932-03-19 [1].",
        "It was opened on 19.03.1932 [1].",
        "The upkeep costs 1200 € a year [1].",
        "The upkeep costs €1.200 [1].",
        "The upkeep costs 3,5 % of the budget [1].",
        "8 men are painting the bridge [1].",
        "The bridge is grey. [1]",
        "**Colour:** bridge grey [1]",
        "1. Opened in 1932 [1]\n2. Painted in grey [1]",
        "The report of 2022 says on page 3 that the bridge is grey [1].",
    ],
)
def test_what_stands_in_the_source_is_verified(answer: str) -> None:
    assert check(answer) == [(True, True), (False, None)]


@pytest.mark.parametrize(
    "answer",
    [
        "The bridge was opened in 1933 [1].",
        "The bridge was opened on 19 March 1923 [1].",
        "It was opened on 1932-04-19 [1].",
        "The upkeep costs 12,000 € a year [1].",
        "The upkeep costs 1200 $ a year [1].",
        "Elephants are the largest animals on land [1].",
        "The bridge is grey [1]. It was opened in 1933 [1].",
    ],
)
def test_what_does_not_is_not(answer: str) -> None:
    assert check(answer) == [(True, False), (False, None)]


def test_each_source_answers_for_what_cites_it() -> None:
    answer = "The bridge was opened in 1932 [1] and tulips are planted in October [2]."
    assert check(answer) == [(True, True), (True, True)]
    assert check(answer.replace("[1]", "[2]").replace("[2].", "[1].")) == [(True, False), (True, False)]


def test_sources_that_are_cited_together_support_together_but_each_its_part() -> None:
    both = "The grey bridge was opened in 1932 and red tulips cost 7 € [1][2]."
    assert check(both) == [(True, True), (True, True)]
    assert check("The Harbour Bridge is painted in bridge grey [1][2].") == [(True, True), (True, False)]


def test_nothing_cited_nothing_verified() -> None:
    assert check("The bridge was opened in 1932.") == [(False, None), (False, None)]
    assert check("The documents do not say.") == [(False, None), (False, None)]
    assert check_citations("Well [1].", []) == ()
    assert check_citations("Well [7].", [passage(BRIDGE)]) == (NOT_CITED,)


def test_an_answer_that_says_next_to_nothing_cannot_be_judged() -> None:
    assert check("Yes [1].") == [(True, None), (False, None)]


@pytest.mark.parametrize(
    ("answer", "verified"),
    [
        ("Die Brücke wurde am 19. März 1932 eröffnet [1].", True),
        ("Die Brücke wurde im Jahr 1933 eröffnet [1].", False),
        ("Die Farbe ist ein helles Grau [1].", None),
        ("Le pont a été ouvert en 1932 [1].", True),
        ("پل در سال ۱۹۳۲ گشایش یافت [1].", True),
        ("پل در سال ۱۹۳۳ گشایش یافت [1].", False),
        ("这座桥于1932年开通 [1]。", True),
        ("这座桥是灰色的 [1]。", None),
        ("Harbour Bridge را خاکستری رنگ زده‌اند [1].", True),
    ],
)
def test_in_another_language_numbers_and_names_decide_or_nothing_does(answer: str, verified: bool | None) -> None:
    assert check(answer) == [(True, verified), (False, None)]


def test_in_the_language_of_the_source_words_decide_in_other_scripts_too() -> None:
    assert check("رنگ پل خاکستری است [1].", "رنگ پل بزرگ خاکستری است.") == [(True, True)]
    assert check("پل را کارگران شهر ساختند [1].", "رنگ خانه خاکستری است.") == [(True, False)]
    assert check("泵的保修期为24个月 [1]。", "泵的保修期为24个月。请联系客服。") == [(True, True)]


def test_a_negation_is_not_seen() -> None:
    assert check("The bridge is not painted in bridge grey [1].") == [(True, True), (False, None)]


@pytest.mark.parametrize(
    "answer",
    [
        "It is painted “in a colour called bridge grey” [1].",
        "It says: “It is painted in a colour called bridge grey. Its upkeep costs 1,200 €” [1].",
        'The "Harbour Bridge" was opened in 1932 [1].',
        "„The Harbour Bridge … painted in a colour“ [1]",
        "“The Harbour Bridge was opened on 19 March 1932. [1]”",
        "The bridge is painted in “report_2022.pdf” in bridge grey [1].",
    ],
)
def test_a_quotation_that_stands_in_a_source_is_verified(answer: str) -> None:
    assert check(answer) == [(True, True), (False, None)]


@pytest.mark.parametrize(
    "answer",
    [
        "It is painted “in a colour called grey bridge” [1].",
        "“The Harbour Bridge was opened. It is painted in a colour called bridge grey.” [1]",
        'The Harbour Bridge was opened as the "Grey Harbour Bridge" on 19 March 1932 [1].',
        "« The bridge was painted » in a colour called bridge grey [1].",
        "“It was painted on 19 March 1932. [1]”",
        "Die Brücke wurde 1932 eröffnet, „die graue Brücke“ [1].",
    ],
)
def test_a_quotation_that_stands_in_no_source_is_not(answer: str) -> None:
    assert check(answer) == [(True, False), (False, None)]


def test_an_invented_quotation_is_counted_against_what_is_cited_for_it_alone() -> None:
    answer = "“The bridge is gold” [1]. Tulips are planted in October [2]."
    assert check(answer) == [(True, False), (True, True)]
    answer = "The bridge was opened in 1932 [1]. It says: “Tulips are gold. Red ones cost 7 €” [2]."
    assert check(answer) == [(True, True), (True, False)]


def test_what_nobody_sees_in_a_source_does_not_break_its_words() -> None:
    hidden = "The Har\xadbour Bri\u200bdge was ope\u2060ned in 1932."
    assert check("The “Harbour Bridge” was opened in 1932 [1].", hidden) == [(True, True)]


def test_brackets_in_code_cite_nothing() -> None:
    assert check("Use `items[1]` here.\n```\nitems[2]\n```") == [(False, None), (False, None)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("One. Two [1]. Three.", [("Two .", (1,))]),
        ("One. [1] Two. [2]", [("One.", (1,)), ("Two.", (2,))]),
        ("One.[1] Two.[2]", [("One.", (1,)), ("Two.", (2,))]),
        ("One [1] and two [2][3].", [("One", (1,)), ("and two .", (2, 3))]),
        ("[1] says one.", [("says one.", (1,))]),
        ("- One [1]\n- Two [2]", [("- One", (1,)), ("- Two", (2,))]),
        ("One [1] is two.", [("One is two.", (1,))]),
    ],
)
def test_a_marker_cites_what_stands_before_it(answer: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    assert [(each.text, each.sources) for each in statements(answer)] == expected
