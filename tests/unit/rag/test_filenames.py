"""File names are evidence of where the answer stands."""

import pytest

from conversational_rag.rag.filenames import FilenameIndex

REPORTS = {
    name.split(".")[0]: name
    for name in (
        "3M_2018_10K.pdf",
        "3M_2022_10K.pdf",
        "ADOBE_2022_10K.pdf",
        "AMCOR_2023Q4_EARNINGS.pdf",
        "BESTBUY_2022_10K.pdf",
        "COCACOLA_2022_10K.pdf",
        "GENERALMILLS_2022_10K.pdf",
        "ULTABEAUTY_2023_10K.pdf",
        "WALMART_2018_10K.pdf",
        "JOHNSON_JOHNSON_2022_10K.pdf",
    )
}


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("What was 3M's capital expenditure in FY2018?", "3M_2018_10K"),
        ("What was 3M's capital expenditure in FY22?", "3M_2022_10K"),
        ("What was 3M's revenue in FY '22?", "3M_2022_10K"),
        ("What is Adobe's operating margin?", "ADOBE_2022_10K"),
        ("How did Amcor do in Q4 of FY2023?", "AMCOR_2023Q4_EARNINGS"),
        ("Does Best Buy pay a dividend?", "BESTBUY_2022_10K"),
        ("Coca-Cola's inventory turnover in 2022", "COCACOLA_2022_10K"),
        ("What did General Mills earn in 2022?", "GENERALMILLS_2022_10K"),
        ("How many shops did Ulta open?", "ULTABEAUTY_2023_10K"),
        ("Was WalMart profitable in 2018?", "WALMART_2018_10K"),
        ("Which drugs does Johnson & Johnson sell?", "JOHNSON_JOHNSON_2022_10K"),
    ],
)
def test_the_file_that_the_question_names_is_the_best(question: str, best: str) -> None:
    evidence = FilenameIndex(REPORTS).evidence(question)
    others = [score for document, score in evidence.items() if document != best]
    assert evidence[best] > max(others, default=0.0)
    assert 0 < evidence[best] <= 1


def test_a_name_given_in_full_is_certain_and_one_in_part_less() -> None:
    full = FilenameIndex(REPORTS).evidence("Adobe 2022 10K revenue")["ADOBE_2022_10K"]
    part = FilenameIndex(REPORTS).evidence("Revenue in 2022")["ADOBE_2022_10K"]
    assert full == pytest.approx(1)
    assert 0 < part < 0.6


def test_what_all_names_share_weighs_little() -> None:
    names = {"a": "Minutes 2021.docx", "b": "Minutes 2022.docx", "c": "Minutes 2023.docx"}
    evidence = FilenameIndex(names).evidence("Minutes of 2022")
    assert evidence["b"] > 0.9
    assert evidence["a"] < 0.3


@pytest.mark.parametrize(
    "names", [{}, {"a": "report.pdf"}, {"a": "report.pdf", "b": "report.pdf"}], ids=["none", "one", "the same"]
)
def test_names_that_tell_nothing_apart_are_no_evidence(names: dict[str, str]) -> None:
    assert FilenameIndex(names).evidence("What does the report say?") == {}


@pytest.mark.parametrize("question", ["", "?!", "What is it?", "Quantum chromodynamics"])
def test_a_question_that_names_no_file_gives_none(question: str) -> None:
    assert FilenameIndex(REPORTS).evidence(question) == {}


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("در گزارش سالانه چه آمده است؟", "a"),
        ("the annual report of FY22", "b"),
        ("Was steht in den Jahresberichten?", "e"),
    ],
)
def test_names_in_any_script_and_form(question: str, best: str) -> None:
    names = {"a": "گزارش سالانه.pdf", "b": "AnnualReport2022.pdf", "c": "...", "d": "the.pdf", "e": "Jahresbericht.pdf"}
    evidence = FilenameIndex(names).evidence(question)
    assert max(evidence, key=evidence.__getitem__) == best
