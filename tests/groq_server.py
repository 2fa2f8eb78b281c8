"""The Groq stand-in as a process of its own: `python tests/groq_server.py` prints its address and serves until its
input ends."""

import argparse
import sys

from groq_quota import PLENTY, FreePlan
from groq_stand_in import GroqStandIn
from groq_turns import slow


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--words", type=int, default=0, help="answer every question with so many words")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between two words")
    parser.add_argument("--plenty", action="store_true", help="a paid key's limits")
    options = parser.parse_args()
    with GroqStandIn(port=options.port, plan=FreePlan(limits=PLENTY) if options.plenty else None) as groq:
        if options.words:
            groq.default = slow(options.words, options.delay)
        sys.stdout.write(groq.url + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
