"""What a start takes: the time and the CPU until /health answers, and until a question can be asked.

    python benchmarks/cold_start.py [--clients 200] [--rounds 5] [--json]

The product is started over an empty folder and over one with clients (of ten chunks each), the yardstick over an empty
one; the rounds of all take turns, and the median counts. The files of all are in the machine's cache. The yardstick
listens when its model is loaded, so for it both points are one.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from running_server import RunningServer  # noqa: E402 a checkout need not be installed

from benchmarks import clients_stand  # noqa: E402
from benchmarks.processes import cpu_seconds  # noqa: E402
from benchmarks.yardstick_process import wait_until_answered, yardstick  # noqa: E402
from conversational_rag.observability.logging import configure_logging  # noqa: E402

_CHUNKS = 10
_NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of start, in seconds (medians); CPU is that of all its processes."""

    name: str
    health_s: float
    health_cpu_s: float
    ready_s: float
    ready_cpu_s: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("ERROR", "console")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), options.clients, options.rounds)
    report = {"clients": options.clients, "rounds": options.rounds, "rows": [asdict(row) for row in rows]}
    print(json.dumps(report) if options.json else table(rows))


def measure(folder: Path, clients: int, rounds: int) -> list[Row]:
    """A row for each kind."""
    asyncio.run(clients_stand.fill(folder / "filled", clients, _CHUNKS))
    with yardstick() as usual:
        kinds: dict[str, tuple[Callable[[], RunningServer], str]] = {
            "this service, empty": (lambda: RunningServer(folder / "empty"), "/readyz"),
            f"this service, {clients} clients": (lambda: RunningServer(folder / "filled"), "/readyz"),
        }
        if usual is not None:
            kinds["the yardstick, empty"] = (lambda: usual.server(folder / "yardstick", _NOBODY), "/health")
        taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in kinds}
        for each in range(rounds + 1):
            for name, (make, ready) in kinds.items():
                seconds = started(make(), ready)
                if each:  # the first makes the tables and fills the machine's cache
                    taken[name].append(seconds)
    return [Row(name, *map(median, zip(*seconds, strict=True))) for name, seconds in taken.items()]


def started(server: RunningServer, ready: str) -> tuple[float, ...]:
    """Start it, and stop it; what stands in a Row."""
    began = time.perf_counter()
    server.start(wait=False)
    try:
        told: list[float] = []
        for path in ("/health", ready):
            wait_until_answered(server, path)
            told += [time.perf_counter() - began, cpu_seconds(server.pid)]
        return tuple(told)
    finally:
        server.__exit__()


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    lines = [f"{'':28}{'/health':>10}{'CPU':>9}{'ready':>10}{'CPU':>9}"]
    lines += [
        f"{row.name:28}{row.health_s:>8.2f} s{row.health_cpu_s:>7.2f} s{row.ready_s:>8.2f} s{row.ready_cpu_s:>7.2f} s"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
