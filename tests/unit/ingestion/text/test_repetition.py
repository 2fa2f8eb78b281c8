"""How much of a text has been said before."""

from conversational_rag.ingestion.text.repetition import repeated_share


def test_headers_of_pages_count_from_the_second_time_on() -> None:
    header, body = "Harbour authority, yearly report", "x" * 32
    assert repeated_share([f"{header}\n{body}", f"  {header}\n{'y' * 32}"]) == 0.25


def test_short_lines_repeat_themselves_in_any_text() -> None:
    assert repeated_share(["Yes\n12\nYes\n12"]) == 0


def test_a_text_of_nothing_repeats_nothing() -> None:
    assert repeated_share(["", "\n \n"]) == 0
