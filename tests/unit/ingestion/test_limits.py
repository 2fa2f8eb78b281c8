"""What one file may cost: every refusal names the setting that it goes back to."""

from collections.abc import Callable

import pytest

from conversational_rag.config import Settings
from conversational_rag.errors import ParsingLimit
from conversational_rag.ingestion.limits import Allowance, Limits

LIMITS = Limits(pages=10, characters=100, chunks=5, unpacked_bytes=2**20, unpacked_ratio=20, parts=3)


@pytest.mark.parametrize(
    ("spend", "most", "setting"),
    [
        (LIMITS.check_pages, 10, "MAX_PAGES"),
        (LIMITS.check_characters, 100, "MAX_CHARACTERS"),
        (lambda size: LIMITS.check_bytes(size, 4), 400, "MAX_CHARACTERS"),
        (LIMITS.check_parts, 3, "MAX_PARTS"),
        (LIMITS.check_unpacked, 2**20, "MAX_UNPACKED_MB"),
    ],
)
def test_as_much_as_is_allowed_passes_and_one_more_names_the_setting(
    spend: Callable[[int], None], most: int, setting: str
) -> None:
    spend(most)
    with pytest.raises(ParsingLimit, match=setting):
        spend(most + 1)


def test_an_allowance_is_spent_bit_by_bit() -> None:
    allowance = Allowance(LIMITS)
    assert allowance.spend("a" * 60) + allowance.spend("b" * 40) == "a" * 60 + "b" * 40
    with pytest.raises(ParsingLimit, match="101 characters"):
        allowance.spend("c")


def test_the_defaults_are_those_of_the_settings() -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    assert Limits() == Limits(
        pages=settings.max_pages,
        characters=settings.max_characters,
        chunks=settings.max_chunks,
        unpacked_bytes=settings.max_unpacked_mb * 2**20,
        unpacked_ratio=settings.max_unpacked_ratio,
        parts=settings.max_parts,
    )
