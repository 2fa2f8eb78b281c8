"""What the filters of an answer cost: the CPU of each word, filter by filter.

    python benchmarks/filters.py [--json]

The same text, with a marker here and there, is fed word by word, as one read of a stream brings ten words, and whole.
The least of several rounds is told, in microseconds a word.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conversational_rag.rag.addresses import Addresses, KnownAddresses
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.filters import Filter, answer_filters
from conversational_rag.rag.keys import Keys
from conversational_rag.rag.links import Links
from conversational_rag.rag.markers import Markers
from conversational_rag.rag.recitals import Recitals
from conversational_rag.rag.unseen import Unseen

TEXT = (
    "The Harbour Bridge was opened on 19 March 1932 [1]. It is painted in a colour called bridge grey, and its upkeep "
    "costs 1,200 € a year [2]. Eight men paint it; a coat lasts five years, as https://example.org/bridge tells. "
) * 40
WORDS = re.findall(r"\s*\S+", TEXT)
PASSAGES = [Passage(n, "doc", "a.txt", n, None, 0, TEXT[:1000], 0.9) for n in range(4)]
ROUNDS = 20


def main() -> None:
    """Print a row a filter, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    is_json = parser.parse_args().json
    rows = {name: costs(make) for name, make in kinds().items()}
    print(json.dumps(rows) if is_json else table(rows))


def kinds() -> Mapping[str, Callable[[], Filter]]:
    """Each filter by its name, and all of them together."""
    known = KnownAddresses([TEXT[:1000]])
    return {
        "unseen": Unseen,
        "markers": lambda: Markers([passage.text for passage in PASSAGES]),
        "links": lambda: Links(known),
        "addresses": lambda: Addresses(known),
        "keys": Keys,
        "recitals": Recitals,
        "all": lambda: answer_filters(PASSAGES, "What is known of the bridge?", ()),
    }


def costs(make: Callable[[], Filter]) -> dict[str, float]:
    """Microseconds a word, by the size of the pieces."""
    tens = ["".join(WORDS[start : start + 10]) for start in range(0, len(WORDS), 10)]
    return {name: cost(make, pieces) for name, pieces in (("word", WORDS), ("10 words", tens), ("whole", [TEXT]))}


def cost(make: Callable[[], Filter], pieces: Sequence[str]) -> float:
    """The least of all rounds."""
    seconds = []
    for _ in range(ROUNDS):
        filter_, started = make(), time.process_time()
        for piece in pieces:
            filter_.feed(piece)
        filter_.close()
        seconds.append(time.process_time() - started)
    return round(min(seconds) / len(WORDS) * 1e6, 3)


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """The rows as text."""
    head = f"{'us a word':12}" + "".join(f"{size:>10}" for size in rows["all"])
    lines = [f"{name:12}" + "".join(f"{us:>10.2f}" for us in row.values()) for name, row in rows.items()]
    return "\n".join([head, *lines])


if __name__ == "__main__":
    main()
