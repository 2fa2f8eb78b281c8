"""Numbers as people write them."""

import pytest

from conversational_rag.rag.numbers import currencies_differ, numbers_in, readings_in


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("1,932", "1932"),
        ("1932", "1.932"),
        ("1 932 000", "1,932,000"),
        ("3.5", "3,50"),
        ("10,000.50", "10.000,5"),
        ("1'000", "1000"),
        ("12,34,567", "1234567"),
        ("۲۴", "24"),
        ("٣٫٥", "3.5"),
        ("007", "7"),
        ("2024-12-03", "3 December 2024"),
        ("03/12/2024", "December 3, 2024"),
        ("2024-03-05", "le 5 mars 2024"),
        ("6.16.0", "version 6.16.0"),
        ("7", "seven men"),
        ("2", "zwei Männer"),
        ("19th", "19"),
    ],
)
def test_the_same_number_is_known_in_another_form(written: str, held: str) -> None:
    readings = readings_in(held)
    assert numbers_in(written)
    assert all(number & readings for number in numbers_in(written))


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("1932", "19 32"),
        ("3.5", "35"),
        ("6.16.0", "6.15.0"),
        ("2024-12-03", "3 November 2024"),
        ("3", "a market in March"),
        ("100", "1000"),
    ],
)
def test_another_number_is_not(written: str, held: str) -> None:
    assert not all(number & readings_in(held) for number in numbers_in(written))


def test_the_numbers_of_list_items_are_no_numbers() -> None:
    assert numbers_in("1. Red\n2) Green") == []


def test_money_is_of_one_kind() -> None:
    assert not currencies_differ("7 €", "EUR 7")
    assert not currencies_differ("$7", "seven dollars")
    assert currencies_differ("7 €", "$7")
