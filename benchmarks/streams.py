"""Many streams at once: the time to the first word and the CPU a word costs, next to bare httpx on the same work.

    python benchmarks/streams.py [--streams 200] [--words 50] [--delay 0.02] [--many 1000] [--json]

A stand-in for Groq in a process of its own sends every answer word by word. The yardstick is a bare httpx client that
reads those streams; beside it, in the same run, the product's server sends them on to as many readers. The CPU is the
server process's own, its Chroma and parser processes included. Both are measured with answers of one word too: that is
what a turn costs however short its answer is, and the rest is what the words cost. At last the server has `--many` at
once. A gap is the time between two portions of words, as they reach the reader.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from running_server import RunningServer  # noqa: E402 a checkout need not be installed

from benchmarks.processes import cpu_seconds  # noqa: E402
from benchmarks.quantiles import p50, p99  # noqa: E402
from benchmarks.stream_reader import Heard, hear_all  # noqa: E402

_SETTINGS: dict[str, Any] = {"ANSWER_CACHE_SIZE": "0", "REQUESTS_PER_MINUTE": "0", "STREAMS_AT_ONCE": "0"}
_KEY = {"Authorization": "Bearer gsk_bench"}


@dataclass(frozen=True)
class Row:
    """One way of reading all streams; times in milliseconds, CPU in milliseconds a stream and microseconds a word."""

    name: str
    streams: int
    words: int
    failed: int
    first_word_p50_ms: float
    first_word_p99_ms: float
    gap_p50_ms: float
    gap_p99_ms: float
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
    parser.add_argument("--many", type=int, default=1000, help="streams of the last row")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows: list[Row] = []
    for words in (1, options.words):
        with stand_in(words, options.delay) as url:
            rows += [bare(url, options.streams, words), served(url, options.streams, words)]
    with stand_in(options.words, options.delay) as url:
        rows.append(served(url, options.many, options.words))
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
    before, began = os.times(), time.perf_counter()
    heard = asyncio.run(read_all(f"{url}/openai/v1/chat/completions", [body] * streams))
    seconds, after = time.perf_counter() - began, os.times()
    cpu = after.user + after.system - before.user - before.system
    return row("bare httpx", words, heard, seconds, cpu)


def served(url: str, streams: int, words: int) -> Row:
    """The product's server passes them on."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningServer(Path(folder), GROQ_API_KEY="gsk_bench", GROQ_API_BASE=url, **_SETTINGS) as server,
    ):
        client_id = server.new_client(("rivers.txt", b"The river Moldau flows through Prague."))
        server.ask(client_id, "Which river is it?")  # the key's limits are learnt from the first answer
        bodies = [{"client_id": client_id, "message": f"Which river is number {n}?"} for n in range(streams)]
        before, began = cpu_seconds(server.pid), time.perf_counter()
        heard = asyncio.run(hear_all(f"{server.url}/api/v1/chat/stream", bodies))
        seconds = time.perf_counter() - began
        return row("this service", words, heard, seconds, cpu_seconds(server.pid) - before)


def row(name: str, words: int, heard: Sequence[Heard], seconds: float, cpu: float) -> Row:
    """A stream that broke off or had no word has failed."""
    fine = [each for each in heard if each.whole and not each.fault and each.times]
    for fault in {each.fault for each in heard if each not in fine}:
        print(f"{name}: a stream failed: {fault}", file=sys.stderr)
    first = [each.times[0] * 1e3 for each in fine] or [float("nan")]
    gaps = [gap * 1e3 for each in fine for gap in each.gaps] or [0.0]
    times = (p50(first), p99(first), p50(gaps), p99(gaps))
    return Row(name, len(heard), words, len(heard) - len(fine), *times, seconds, cpu / len(heard) * 1e3)


async def read_all(url: str, bodies: Sequence[dict[str, Any]]) -> list[Heard]:
    """Read every stream of the provider at once."""
    limits = httpx.Limits(max_connections=len(bodies))
    async with httpx.AsyncClient(limits=limits, timeout=120, headers=_KEY) as http:
        return await asyncio.gather(*(read(http, url, body) for body in bodies))


async def read(http: httpx.AsyncClient, url: str, body: dict[str, Any]) -> Heard:
    """Read a stream to its end."""
    began, heard = time.perf_counter(), Heard()
    async with http.stream("POST", url, json=body) as response:
        async for line in response.aiter_lines():
            if '"content": "word' in line or '"content": " word' in line:
                heard.times.append(time.perf_counter() - began)
            heard.whole |= line == "data: [DONE]"
    return heard


def table(rows: list[Row]) -> str:
    """The rows as text, what they differ by, and the ratios."""
    head = f"{'':14}{'streams':>8}{'words':>6}{'failed':>7}{'first word p50':>16}{'p99':>10}{'gap p50':>10}{'p99':>10}"
    lines = [f"{head}{'CPU/stream':>12}{'CPU/word':>10}{'all':>8}"]
    lines += [
        f"{row.name:14}{row.streams:>8}{row.words:>6}{row.failed:>7}{row.first_word_p50_ms:>13.0f} ms"
        f"{row.first_word_p99_ms:>7.0f} ms{row.gap_p50_ms:>7.0f} ms{row.gap_p99_ms:>7.0f} ms"
        f"{row.cpu_ms_per_stream:>9.1f} ms{row.cpu_us_per_word:>7.0f} us{row.seconds:>6.1f} s"
        for row in rows
    ]
    bare_turn, our_turn, bare_whole, our_whole = rows[:4]
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
