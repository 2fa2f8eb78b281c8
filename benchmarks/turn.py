"""What a turn takes when the model answers at once: alone, next to its bare parts, and when many ask at the same time.

    python benchmarks/turn.py [--questions 200] [--callers 20] [--chunks 200] [--json]

Every question is a new one and begins a conversation; the client has one file of about so many chunks. The bare parts
(`benchmarks/bare_turn.py`), the product and the yardstick take turns, question by question. The bare sum is one
embedding, one Chroma query and one SQL round trip; a turn also calls the provider's stand-in, whose time stands beside
it. The time to the first word is that of a stream, next to the provider's own. Then so many callers ask at once and
without a pause: the product's turns a second next to the yardstick's. CPU is of all processes of the server.
"""

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from running_server import RunningServer  # noqa: E402 a checkout need not be installed

from benchmarks.bare_turn import BareTurn  # noqa: E402
from benchmarks.clients_stand import Language  # noqa: E402
from benchmarks.processes import cpu_seconds  # noqa: E402
from benchmarks.quantiles import p50, p99  # noqa: E402
from benchmarks.streams import stand_in  # noqa: E402
from benchmarks.yardstick_process import yardstick  # noqa: E402

_WORDS, _WARM, _SHARE = 20, 10, 0.8
_HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer gsk_bench"}
_SETTINGS: dict[str, Any] = {"ANSWER_CACHE_SIZE": "0", "REQUESTS_PER_MINUTE": "0", "LOG_LEVEL": "WARNING"}


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of work, in milliseconds; CPU where a server did it."""

    name: str
    p50_ms: float
    p99_ms: float
    cpu_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many callers at once."""

    name: str
    callers: int
    turns: int
    errors: int
    turns_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


class Caller:
    """One caller with a connection of its own."""

    def __init__(self, address: str, client_id: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
        self._client_id = client_id

    def ask(self, question: str) -> bool:
        """Whether it was answered, and by the model."""
        answer = self._post("/api/v1/chat/", {"client_id": self._client_id, "message": question})
        body = json.loads(answer.read())
        return answer.status == http.client.OK and not body["degraded"] and bool(body["sources"])

    def first_word(self, question: str) -> float:
        """Milliseconds until the first word of the product's stream."""
        return self._first("/api/v1/chat/stream", {"client_id": self._client_id, "message": question}, b"event: delta")

    def providers_first_word(self, question: str) -> float:
        """The same of the provider's own stream."""
        body = {"model": "openai/gpt-oss-120b", "stream": True, "messages": [{"role": "user", "content": question}]}
        return self._first("/openai/v1/chat/completions", body, b'"content": "word')

    def _first(self, path: str, body: dict[str, Any], mark: bytes) -> float:
        began = time.perf_counter()
        answer = self._post(path, body)
        taken = next((time.perf_counter() - began for line in answer if mark in line), None)
        answer.read()
        assert taken is not None, f"{path} had no word"
        return taken * 1e3

    def _post(self, path: str, body: dict[str, Any]) -> http.client.HTTPResponse:
        self._connection.request("POST", path, json.dumps(body), _HEADERS)
        return self._connection.getresponse()


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--callers", type=int, default=20)
    parser.add_argument("--chunks", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, stand_in(_WORDS, delay=0.0) as provider:
        rows, crowds = measure(Path(folder), provider, options.questions, options.callers, options.chunks)
    report = {"questions": options.questions, "chunks": options.chunks}
    report |= {"rows": [asdict(row) for row in rows], "crowds": [asdict(crowd) for crowd in crowds]}
    print(json.dumps(report) if options.json else table(rows, crowds))


def measure(folder: Path, provider: str, count: int, callers: int, chunks: int) -> tuple[list[Row], list[Crowd]]:
    """All rows."""
    language = Language(seed=3)
    text = "\n\n".join(language.text() for _ in range(round(chunks * _SHARE))).encode()
    questions = iter(language.question, "")
    with ExitStack() as stack:
        servers = {"this service": stack.enter_context(product(folder / "product", provider))}
        if (usual := stack.enter_context(yardstick())) is not None:
            servers["the yardstick"] = stack.enter_context(usual.server(folder / "yardstick", provider))
        clients = {name: server.new_client(("notes.txt", text)) for name, server in servers.items()}
        bare = BareTurn(folder, provider, chunks)
        rows = alone(bare, servers, clients, questions, count)
        asker = Caller(servers["this service"].url, clients["this service"])
        rows += first_words(asker, Caller(provider), questions, count)
        crowds = [crowd(name, server, clients[name], questions, callers, count) for name, server in servers.items()]
    return rows, crowds


def product(folder: Path, provider: str) -> RunningServer:
    """The product with a model that answers at once."""
    return RunningServer(folder, GROQ_API_KEY="gsk_bench", GROQ_API_BASE=provider, **_SETTINGS)


def alone(
    bare: BareTurn, servers: dict[str, RunningServer], clients: dict[str, str], questions: Iterator[str], count: int
) -> list[Row]:
    """One question at a time, first to the bare parts, then to each server."""
    callers = {name: Caller(server.url, clients[name]) for name, server in servers.items()}
    taken: dict[str, list[float]] = {name: [] for name in (*bare.timed(next(questions)), *servers)}
    cpu: dict[str, float] = {}
    for number in range(count + _WARM):
        if number == _WARM:
            cpu = {name: cpu_seconds(server.pid) for name, server in servers.items()}
            taken = {name: [] for name in taken}
        for name, milliseconds in bare.timed(next(questions)).items():
            taken[name].append(milliseconds)
        for name, caller in callers.items():
            taken[name].append(timed(lambda: caller.ask(next(questions))))  # noqa: B023 called at once
    spent = {name: (cpu_seconds(server.pid) - cpu[name]) / count * 1e3 for name, server in servers.items()}
    return [Row(name, p50(values), p99(values), spent.get(name)) for name, values in taken.items()]


def timed(call: Callable[[], bool]) -> float:
    """The milliseconds of a call that must succeed."""
    began = time.perf_counter()
    assert call(), "a question was not answered by the model"
    return (time.perf_counter() - began) * 1e3


def first_words(asker: Caller, provider: Caller, questions: Iterator[str], count: int) -> list[Row]:
    """The time to the first word of a stream, the provider's and ours in turns."""
    own, ours = list[float](), list[float]()
    for _ in range(count):
        own.append(provider.providers_first_word(next(questions)))
        ours.append(asker.first_word(next(questions)))
    return [
        Row("first word, the provider's own", p50(own), p99(own)),
        Row("first word, this service", p50(ours), p99(ours)),
    ]


def crowd(
    name: str, server: RunningServer, client_id: str, questions: Iterator[str], callers: int, count: int
) -> Crowd:
    """So many callers who ask at once, each his share of the questions one after the other."""
    shares = [[next(questions) for _ in range(max(1, count // callers))] for _ in range(callers)]

    def talk(share: Sequence[str]) -> list[tuple[bool, float]]:
        caller, told = Caller(server.url, client_id), list[tuple[bool, float]]()
        for question in share:
            began = time.perf_counter()
            told.append((caller.ask(question), (time.perf_counter() - began) * 1e3))
        return told

    cpu, began = cpu_seconds(server.pid), time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        told = [each for found in pool.map(talk, shares) for each in found]
    seconds, spent = time.perf_counter() - began, (cpu_seconds(server.pid) - cpu) / len(told) * 1e3
    times, errors = [each for _, each in told], sum(not fine for fine, _ in told)
    return Crowd(name, callers, len(told), errors, len(told) / seconds, p50(times), p99(times), spent)


def table(rows: Sequence[Row], crowds: Sequence[Crowd]) -> str:
    """The rows as text."""
    lines = [f"{'one at a time':32}{'p50':>12}{'p99':>12}{'CPU':>12}"]
    for row in rows:
        cpu = "" if row.cpu_ms is None else f"{row.cpu_ms:.1f} ms"
        lines.append(f"{row.name:32}{row.p50_ms:>9.1f} ms{row.p99_ms:>9.1f} ms{cpu:>12}")
    for each in crowds:
        lines.append(
            f"{each.callers} callers at once, {each.name}: {each.turns_per_s:.1f} turns/s, {each.errors} errors, "
            f"p50 {each.p50_ms:.0f} ms, p99 {each.p99_ms:.0f} ms, CPU {each.cpu_ms:.1f} ms"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
