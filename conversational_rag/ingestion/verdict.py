"""The verdict on a file: how much text it holds, and what its owner should know about it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from conversational_rag.ingestion.pipeline import ParsedFile

# Shorter lines (numbers, bullets, "Yes") repeat themselves in any text.
_SHORT_LINE = 20
_MOST_PAGES_NAMED = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `repeated_share` (0 to 1): characters in lines that had come before, as page headers do;
    `pages_without_text` names the first of them; `encoding` is None where the format says so itself."""

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
        pages_without_text=blank[:_MOST_PAGES_NAMED],
        characters=parsed.characters,
        chunks=len(parsed.chunks),
        repeated_share=round(_repeated_share(page.text for page in parsed.pages), 3),
        encoding=parsed.encoding,
        notes=parsed.notes,
    )


def _repeated_share(texts: Iterable[str]) -> float:
    seen: set[str] = set()
    total = repeated = 0
    for line in (line.strip() for text in texts for line in text.splitlines()):
        total += len(line)
        if len(line) >= _SHORT_LINE:
            repeated += len(line) if line in seen else 0
            seen.add(line)
    return repeated / total if total else 0.0
