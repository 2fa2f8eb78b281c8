"""Writes the figures of a run of the benchmarks into docs/performance.md.

    python scripts/write_performance.py [--lines bench.jsonl ...] [--page docs/performance.md] [--date TEXT]

The page is text with places for figures, `<!-- figures: NAME -->` to `<!-- end -->`; only what stands between them is
replaced: `machine`, `promises`, or what a benchmark has measured. Of several files of lines the later ones win.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# A checkout need not be installed.
sys.path.insert(0, str(ROOT))

from benchmarks import pages  # noqa: E402

_PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Read the lines, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=Path, nargs="+", default=[Path("bench.jsonl")])
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "performance.md")
    parser.add_argument("--date", default="", help="when it was measured, in words")
    options = parser.parse_args()
    options.page.write_text(filled(options.page.read_text(), read(options.lines), options.date))


def read(paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """The lines by the names of their benchmarks."""
    lines = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return {line["benchmark"]: line for line in lines}


def filled(page: str, lines: dict[str, dict[str, Any]], date: str = "") -> str:
    """The page with the figures of these lines."""

    def place(found: re.Match[str]) -> str:
        return f"{found[1]}{figures(found[2], lines, date)}\n{found[3]}"

    return _PLACE.sub(place, page)


def figures(name: str, lines: dict[str, dict[str, Any]], date: str) -> str:
    """What belongs into a place."""
    if name == "machine":
        return f"{f'{date}: ' if date else ''}{pages.machine(lines)}"
    return pages.promises(lines) if name == "promises" else pages.section(lines, name)


if __name__ == "__main__":
    main()
