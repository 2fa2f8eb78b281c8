"""Many streams at once: the time to the first word and the CPU a word costs, next to bare httpx on the same work.

    python benchmarks/streams.py [--streams 200] [--words 50] [--delay 0.02] [--json]

A stand-in for Groq in a process of its own sends every answer word by word. The yardstick is a bare httpx client that
reads those streams; beside it, in the same run, the product's server sends them on to as many readers. The CPU is the
server process's own, its Chroma and parser processes included. Both are measured with answers of one word too: that is
what a turn costs however short its answer is, and the rest is what the words cost.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
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
    """One way of reading all streams; times in milliseconds, CPU in milliseconds a stream and microseconds a word."""

    name: str
    words: int
    failed: int
    first_word_p50_ms: float
    first_word_p99_ms: float
    seconds: float
    cpu_ms_per_stream: float = 0.0

    @property
    def cpu_us_per_word(self) -> float:
        """All of it, shared out among the words."""
        return self.cpu_ms_per_stream / self.words * 1e3


def main() -> None:
    """Measure both, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--words", type=int, default=50)
    parser.add_argument("--delay", type=float, default=0.02, help="seconds between two words")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows: list[Row] = []
    for words in (1, options.words):
        with stand_in(words, options.delay) as url:
            rows += [bare(url, options.streams, words), served(url, options.streams, words)]
    report = {"streams": options.streams, "words": options.words, "delay_seconds": options.delay}
    print(json.dumps(report | {"rows": [asdict(row) for row in rows]}) if options.json else table(rows))


@contextmanager
def stand_in(words: int, delay: float) -> Iterator[str]:
    """The address of a provider whose answers are so many words, one every `delay` seconds."""
    server = [sys.executable, str(ROOT / "tests" / "groq_server.py"), "--plenty"]
    command = [*server, "--words", str(words), "--delay", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def bare(url: str, streams: int, words: int) -> Row:
    """httpx reads the provider's own streams, in this process."""
    body = {"model": "openai/gpt-oss-120b", "stream": True, "messages": [{"role": "user", "content": "Go on."}]}
    before = os.times()
    row = asyncio.run(read_all("bare httpx", words, f"{url}/openai/v1/chat/completions", [body] * streams, '"content"'))
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    return replace(row, cpu_ms_per_stream=cpu / streams * 1e3)


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
        row = asyncio.run(read_all("this service", words, f"{server.url}/api/v1/chat/stream", bodies, "event: delta"))
        return replace(row, cpu_ms_per_stream=(cpu_seconds(server.pid) - before) / streams * 1e3)


async def read_all(name: str, words: int, url: str, bodies: list[dict[str, Any]], mark: str) -> Row:
    """Read every stream at once; a stream without a word has failed."""
    limits = httpx.Limits(max_connections=len(bodies))
    started = time.perf_counter()
    async with httpx.AsyncClient(limits=limits, timeout=120, headers=_KEY) as http:
        waits = await asyncio.gather(*(first_word(http, url, body, mark) for body in bodies))
    seen = sorted(wait for wait in waits if wait is not None)
    p99 = seen[int(0.99 * (len(seen) - 1))] if seen else float("nan")
    seconds = time.perf_counter() - started
    return Row(name, words, len(waits) - len(seen), median(seen or [0]) * 1e3, p99 * 1e3, seconds)


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


def table(rows: list[Row]) -> str:
    """The rows as text, what they differ by, and the ratios."""
    lines = [
        f"{'':14}{'words':>6}{'failed':>7}{'first word p50':>16}{'p99':>9}{'CPU/stream':>12}{'CPU/word':>10}{'all':>8}"
    ]
    lines += [
        f"{row.name:14}{row.words:>6}{row.failed:>7}{row.first_word_p50_ms:>13.0f} ms{row.first_word_p99_ms:>6.0f} ms"
        f"{row.cpu_ms_per_stream:>9.1f} ms{row.cpu_us_per_word:>7.0f} us{row.seconds:>6.1f} s"
        for row in rows
    ]
    bare_turn, our_turn, bare_whole, our_whole = rows
    words = max(1, our_whole.words - 1)
    further = [
        (whole.cpu_ms_per_stream - turn.cpu_ms_per_stream) / words * 1e3
        for whole, turn in ((our_whole, our_turn), (bare_whole, bare_turn))
    ]
    lines += [
        f"CPU a word, against bare httpx: {our_whole.cpu_us_per_word / bare_whole.cpu_us_per_word:.2f}",
        f"CPU of each word after the first: {further[0]:.0f} us, bare httpx {further[1]:.0f} us",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
