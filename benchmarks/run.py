"""Runs the benchmarks, prints their tables, and writes a line of JSON for each.

    python benchmarks/run.py [--full] [--only NAME ...] [--data FOLDER] [--lines bench.jsonl]

They run one after the other, each in a process of its own: less than twenty minutes on two cores, `--full`, with every
benchmark at the size its promise speaks of, more than an hour. `scripts/write_performance.py` makes docs/performance.md
of the lines. With `YARDSTICK_PYTHON` (requirements-yardstick.txt) the usual afternoon build is measured beside them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine, pages

# What each is asked for: in a few minutes, and in full.
SIZES: dict[str, tuple[str, str]] = {
    "cold_start": ("--clients 100 --rounds 5", "--clients 1000 --rounds 5"),
    "memory": ("--clients 100", "--clients 300"),
    "ingestion": ("--pages 100 --rounds 3", "--pages 500 --rounds 3"),
    "turn": ("--questions 200", "--questions 1000"),
    "streams": ("", ""),
    "ingest_beside_chat": ("--pages 150 --samples 200", "--pages 500 --samples 300"),
    "clients": ("--clients 500 --plain 100", ""),
    "session_store": ("--sessions 3000", ""),
    "index_recall": ("--chunks 1000 10000", ""),
}


def main() -> int:
    """Run them; 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs="+", choices=SIZES, default=list(SIZES), metavar="NAME")
    parser.add_argument("--data", type=Path, help="prepared conversations: those of retrieval too")
    parser.add_argument("--lines", type=Path, default=Path("bench.jsonl"))
    options = parser.parse_args()
    lines: dict[str, dict[str, Any]] = {"machine": {"benchmark": "machine", "report": machine.describe()}}
    with options.lines.open("w") as file, tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("YARDSTICK_MODEL", str(Path(folder) / "model"))
        print(json.dumps(lines["machine"]), file=file, flush=True)
        for name, arguments in chosen(options.only, options.data, is_full=options.full):
            line = run(name, arguments)
            if line is not None:
                lines[name] = line
                print(json.dumps(line), file=file, flush=True)
                print(f"{pages.section(lines, name)}\n\n{pages.promises(lines, name)}\n", flush=True)
    if len(lines) > 1:
        print(f"{pages.machine(lines)}\n\n{pages.promises(lines)}")
    return 0 if len(lines) > len(options.only) else 1


def chosen(names: Sequence[str], data: Path | None, *, is_full: bool) -> Iterator[tuple[str, list[str]]]:
    """The benchmarks and their arguments."""
    for name in names:
        yield name, SIZES[name][is_full].split()
    if data is not None:
        yield "retrieval", ["--data", str(data)]


def run(name: str, arguments: Sequence[str]) -> dict[str, Any] | None:
    """The benchmark's line; None when it failed, and its own words have been printed."""
    print(f"## {name} {' '.join(arguments)}", flush=True)
    load, began = machine.load_average(), time.monotonic()
    command = [sys.executable, str(Path(__file__).with_name(f"{name}.py")), *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{name} FAILED with {done.returncode}", file=sys.stderr, flush=True)
        return None
    report = json.loads(done.stdout)
    if isinstance(report, list):
        report = {"rows": report}
    told = {"load_before": load, "seconds": time.monotonic() - began, "report": report}
    return {"benchmark": name, "arguments": list(arguments), **told}


if __name__ == "__main__":
    sys.exit(main())
