"""Kill -9 again and again in the middle of uploads, and see that nothing that was acknowledged is lost or left over.

python benchmarks/uploads_killed.py [--rounds 30] [--seed 4]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from kill_rounds import KillRounds  # noqa: E402 a checkout need not be installed
from leftovers import orphans  # noqa: E402
from running_server import RunningServer  # noqa: E402


def main() -> None:
    """Run the rounds; the exit code says whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, RunningServer(Path(folder)) as server:
        rounds = KillRounds(server, options.seed)
        for _ in range(options.rounds):
            print(rounds.run(), flush=True)
        server.stop()
        left = orphans(server.folder)
    print(f"{rounds.taken_up} jobs went on by themselves; left over: {left or 'nothing'}")
    print(f"{options.rounds} rounds in {time.monotonic() - started:.0f} s, seed {options.seed}")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
