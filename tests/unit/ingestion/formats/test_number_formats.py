"""Number formats of spreadsheets: what a person sees in a cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.ingestion.formats.number_formats import number_format


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (46082, "yyyy-mm-dd", "2026-03-01"),
        (46082, "d. mmmm yyyy", "2026-03-01"),
        (46082.354166667, "dd/mm/yy hh:mm", "2026-03-01 08:30"),
        (0.354166667, "h:mm AM/PM", "08:30"),
        (0.5000115741, "hh:mm:ss", "12:00:01"),
        (1.25, "[h]:mm", "30:00"),
        (-0.5, "[h]:mm", "-12:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (9e9, "yyyy-mm-dd", "9000000000"),
        (-1, "yyyy-mm-dd", "-1"),
        (0.195, "0.0%", "19.5%"),
        (7.5, '#,##0.00 "€"', "7.50 €"),
        (7.5, "[$€-407] #,##0.00", "€ 7.50"),
        (-7.5, '"$"#,##0.00;[Red]"$"#,##0.00', "-$7.50"),
        (12, '0.0" kg"', "12.0 kg"),
        (12.5, "0.0#", "12.5"),
        (123, "00000", "00123"),
        (1234567, "#,##0", "1234567"),
        (2500000, '0.0,,"M"', "2.5M"),
        (5551234, "000-0000", "5551234"),
        (0.30000000000000004, "General", "0.3"),
        (0.5, "# ?/?", "0.5"),
        (1e20, "0.00E+00", "100000000000000000000"),
        (3.5, "@", "3.5"),
        (7, '"Week "0', "Week 7"),
        (7, '"Day "General', "Day 7"),
    ],
)
def test_numbers_are_shown_as_a_person_sees_them(value: float, code: str, seen: str) -> None:
    assert number_format(code).shown(value) == seen


def test_old_macs_count_days_from_another_year() -> None:
    assert number_format("yyyy-mm-dd").shown(0, since_1904=True) == "1904-01-01"


@given(
    code=st.lists(
        st.sampled_from([*'0#?.,%;ymdhsE@/_*\\"', "[h]", "[$€-407]", "General", "AM/PM", ",,,,,"]), max_size=30
    ),
    value=st.floats(allow_nan=False, allow_infinity=False),
    since_1904=st.booleans(),
)
def test_any_number_in_any_format_is_some_text(code: list[str], value: float, since_1904: bool) -> None:
    assert isinstance(number_format("".join(code)).shown(value, since_1904=since_1904), str)


def test_endless_formats_stay_short() -> None:
    for code in ("0." + "0" * 10_000, "0" + "," * 1_000, "0" * 300):
        assert len(number_format(code).shown(1e300)) < 400


def test_more_hours_than_there_are_stay_a_number() -> None:
    assert number_format("[h]:mm").shown(2e303) == "2e+303"
