"""Many streams at once: the time to the first word and the CPU a word costs, next to bare httpx on the same work.

    python benchmarks/streams.py [--streams 200] [--words 50] [--delay 0.02] [--json]

A stand-in for Groq in a process of its own sends every answer word by word. The yardstick is a bare httpx client that
reads those streams; beside it, in the same run, the product's server sends them on to as many readers. The CPU is the
server process's own, its Chroma and parser processes included.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from running_server import RunningServer  # noqa: E402 a checkout need not be installed

_TICKS = os.sysconf("SC_CLK_TCK")
_KEY = {"Authorization": "Bearer gsk_bench"}


@dataclass(frozen=True)
class Row:
    """One way of reading all streams; times in milliseconds, CPU in microseconds a word."""

    name: str
    failed: int
    first_word_p50_ms: float
    first_word_p99_ms: float
    cpu_us_per_word: float
    seconds: float


def main() -> None:
    """Measure both, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--words", type=int, default=50)
    parser.add_argument("--delay", type=float, default=0.02, help="seconds between two words")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "tests" / "groq_server.py"), "--plenty"),
            *("--words", str(options.words), "--delay", str(options.delay)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as stand_in:
        assert stand_in.stdout is not None
        url = stand_in.stdout.readline().strip()
        rows = [bare(url, options.streams, options.words), served(url, options.streams, options.words)]
        stand_in.terminate()
    report = {"streams": options.streams, "words": options.words, "delay_seconds": options.delay}
    print(json.dumps(report | {"rows": [asdict(row) for row in rows]}) if options.json else table(rows))


def bare(url: str, streams: int, words: int) -> Row:
    """httpx reads the provider's own streams, in this process."""
    body = {"model": "openai/gpt-oss-120b", "stream": True, "messages": [{"role": "user", "content": "Go on."}]}
    before = os.times()
    row = asyncio.run(read_all("bare httpx", f"{url}/openai/v1/chat/completions", [body] * streams, '"content"'))
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    return with_cpu(row, cpu, streams * words)


def served(url: str, streams: int, words: int) -> Row:
    """The product's server passes them on."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningServer(Path(folder), GROQ_API_KEY="gsk_bench", GROQ_API_BASE=url, ANSWER_CACHE_SIZE="0") as server,
    ):
        client_id = server.new_client(("rivers.txt", b"The river Moldau flows through Prague."))
        server.ask(client_id, "Which river is it?")  # the key's limits are learnt from the first answer
        bodies = [{"client_id": client_id, "message": f"Which river is number {n}?"} for n in range(streams)]
        before = cpu_seconds(server.pid)
        row = asyncio.run(read_all("this service", f"{server.url}/api/v1/chat/stream", bodies, "event: delta"))
        return with_cpu(row, cpu_seconds(server.pid) - before, streams * words)


async def read_all(name: str, url: str, bodies: list[dict[str, Any]], mark: str) -> Row:
    """Read every stream at once; a stream without a word has failed."""
    limits = httpx.Limits(max_connections=len(bodies))
    started = time.perf_counter()
    async with httpx.AsyncClient(limits=limits, timeout=120, headers=_KEY) as http:
        waits = await asyncio.gather(*(first_word(http, url, body, mark) for body in bodies))
    seen = sorted(wait for wait in waits if wait is not None)
    p99 = seen[int(0.99 * (len(seen) - 1))] if seen else float("nan")
    return Row(name, len(waits) - len(seen), median(seen or [0]) * 1e3, p99 * 1e3, 0, time.perf_counter() - started)


async def first_word(http: httpx.AsyncClient, url: str, body: dict[str, Any], mark: str) -> float | None:
    """Read the stream to its end; the seconds until its first word, None when it had none or ended in an error."""
    started, first, last = time.perf_counter(), None, ""
    async with http.stream("POST", url, json=body) as response:
        async for line in response.aiter_lines():
            if first is None and mark in line and '"content":""' not in line.replace(" ", ""):
                first = time.perf_counter() - started
            last = line if line.startswith("event") else last
    return None if response.status_code != httpx.codes.OK or last == "event: error" else first


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process and of its children that live."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def with_cpu(row: Row, seconds: float, words: int) -> Row:
    """The row with what a word cost."""
    return Row(**{**asdict(row), "cpu_us_per_word": seconds / words * 1e6})


def table(rows: list[Row]) -> str:
    """The rows as text, and the ratio."""
    lines = [f"{'':14}{'failed':>7}{'first word p50':>16}{'p99':>9}{'CPU/word':>10}{'all':>8}"]
    lines += [
        f"{row.name:14}{row.failed:>7}{row.first_word_p50_ms:>13.0f} ms{row.first_word_p99_ms:>6.0f} ms"
        f"{row.cpu_us_per_word:>7.0f} us{row.seconds:>6.1f} s"
        for row in rows
    ]
    lines.append(f"CPU a word, against bare httpx: {rows[1].cpu_us_per_word / rows[0].cpu_us_per_word:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
