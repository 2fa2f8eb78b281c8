"""The verdict on a file: how much text it holds, and what its owner should know about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from conversational_rag.ingestion.pipeline import ParsedFile

_MOST_STRETCHES = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `repeated_share` (0 to 1): characters in lines that had come before, as page headers do;
    `pages_without_text` are numbers; `encoding` is None where the format says so itself."""

    pages: int | None
    pages_with_text: int | None
    pages_without_text: tuple[int, ...]
    characters: int
    chunks: int
    repeated_share: float
    encoding: str | None
    notes: tuple[str, ...]

    def describe(self) -> dict[str, object]:
        """As JSON holds it."""
        return asdict(self)


def judge(parsed: ParsedFile) -> Verdict:
    """The verdict on a file that has been read."""
    blank = parsed.pages_without_text
    return Verdict(
        pages=parsed.page_count,
        pages_with_text=None if parsed.page_count is None else parsed.page_count - len(blank),
        pages_without_text=blank,
        characters=parsed.characters,
        chunks=len(parsed.chunks),
        repeated_share=round(parsed.repeated_share, 3),
        encoding=parsed.encoding,
        notes=parsed.notes,
    )


def named(numbers: Sequence[int]) -> str:
    """Numbers in ascending order as people say them: "2, 4-7 and 12"; of many stretches only the first."""
    stretches: list[list[int]] = []
    for number in numbers:
        if stretches and number == stretches[-1][1] + 1:
            stretches[-1][1] = number
        else:
            stretches.append([number, number])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in stretches[:_MOST_STRETCHES]]
    last = "others" if len(stretches) > _MOST_STRETCHES else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last
