"""How much of a text repeats what stood before, as the headers and footers of its pages do."""

from collections.abc import Iterable

# Shorter lines (numbers, bullets, "Yes") repeat themselves in any text.
_SHORT_LINE = 20


def repeated_share(texts: Iterable[str]) -> float:
    """The characters in lines that had come before, as a share of all (0 to 1)."""
    seen: set[int] = set()  # hashes: the lines themselves would be all of the text once more
    total = repeated = 0
    for line in (line.strip() for text in texts for line in text.splitlines()):
        total += len(line)
        if len(line) >= _SHORT_LINE:
            repeated += len(line) if hash(line) in seen else 0
            seen.add(hash(line))
    return repeated / total if total else 0.0
