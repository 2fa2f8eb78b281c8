"""The memory of a server and of all its processes: at rest with the model loaded, and when many clients have asked.

    python benchmarks/memory.py [--clients 100] [--json]

Each client has a text of its own of about ten chunks, and asks one question. "Resident" is what the processes have in
memory, with what they share counted for each of them; "share" counts it once (PSS). What is mapped at rest is told by
file too: `[heap]` and `anonymous` are the processes' own. After uploads the product still keeps its parser process,
for five minutes.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from running_server import RunningServer  # noqa: E402 a checkout need not be installed

from benchmarks.clients_stand import Language  # noqa: E402
from benchmarks.processes import memory_by_file, memory_bytes, open_files, share_bytes, tree  # noqa: E402
from benchmarks.streams import stand_in  # noqa: E402
from benchmarks.yardstick_process import yardstick  # noqa: E402

_MEGABYTE, _TEXTS, _FILES_TOLD = 1024 * 1024, 8, 12
_SETTINGS: dict[str, Any] = {
    "ANSWER_CACHE_SIZE": "0",
    "REQUESTS_PER_MINUTE": "0",
    "UPLOADS_PER_HOUR": "0",
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What a server's processes hold, in megabytes."""

    name: str
    when: str
    processes: int
    resident_mb: float
    share_mb: float
    open_files: int


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, stand_in(words=5, delay=0.0) as provider:
        settings: dict[str, Any] = {"GROQ_API_KEY": "gsk_bench", "GROQ_API_BASE": provider, **_SETTINGS}
        rows, files = measure(
            "this service", lambda: RunningServer(Path(folder) / "product", **settings), options.clients
        )
        with yardstick() as usual:
            if usual is not None:
                place = Path(folder) / "yardstick"
                rows += measure("the yardstick", lambda: usual.server(place, provider), options.clients)[0]
    report = {"clients": options.clients, "rows": [asdict(row) for row in rows], "at_rest_by_file_mb": files}
    print(json.dumps(report) if options.json else table(rows, files))


def measure(name: str, make: Callable[[], RunningServer], clients: int) -> tuple[list[Row], dict[str, float]]:
    """The rows of a server, and what it holds at rest by file."""
    language = Language(seed=2)

    def one(server: RunningServer, number: int) -> None:
        text = " ".join(language.text() for _ in range(_TEXTS))
        server.ask(server.new_client((f"{number}.txt", text.encode())), language.question())

    with make():  # at its first start it makes its tables, for which it needs more
        pass
    with make() as server:
        rows, files = [held(name, "at rest", server.pid)], by_file(server.pid)
        one(server, 0)
        rows.append(held(name, "1 client asked", server.pid))
        for number in range(1, clients):
            one(server, number)
        return [*rows, held(name, f"{clients} clients asked", server.pid)], files


def held(name: str, when: str, pid: int) -> Row:
    """What all processes hold now."""
    pids = tree(pid)
    resident, share = (sum(map(each, pids)) / _MEGABYTE for each in (memory_bytes, share_bytes))
    return Row(name, when, len(pids), resident, share, sum(map(open_files, pids)))


def by_file(pid: int) -> dict[str, float]:
    """The largest shares, of all processes together, in megabytes."""
    total: Counter[str] = Counter()
    for each in tree(pid):
        total.update(memory_by_file(each))
    return {name: size / _MEGABYTE for name, size in total.most_common(_FILES_TOLD)}


def table(rows: Sequence[Row], files: dict[str, float]) -> str:
    """The rows as text."""
    lines = [f"{'':16}{'':22}{'processes':>10}{'resident':>12}{'share':>12}{'open files':>12}"]
    lines += [
        f"{row.name:16}{row.when:22}{row.processes:>10}{row.resident_mb:>9.0f} MB{row.share_mb:>9.0f} MB"
        f"{row.open_files:>12}"
        for row in rows
    ]
    parts = ", ".join(f"{name} {size:.0f}" for name, size in files.items())
    return "\n".join([*lines, f"this service at rest, MB by file: {parts}"])


if __name__ == "__main__":
    main()
