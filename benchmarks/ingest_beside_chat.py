"""What an upload costs those who ask meanwhile: /health and a chat, idle and beside the ingestion of a long PDF.

    python benchmarks/ingest_beside_chat.py [--pages 500] [--samples 300] [--json]

The model is a stand-in that answers at once, in a process of its own; the uploads and the questions belong to
different clients. One caller asks both, one after the other and without a pause, first of an idle server and then
for as long as the PDF is read, split, embedded and stored. The goal: the p99 beside the upload is below 3 times
the idle one. The yardstick gets the same, with a tenth of the pages unless `--yardstick-pages` says otherwise.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from files.makers import make_pdf  # noqa: E402 a checkout need not be installed
from running_server import RunningServer  # noqa: E402

from benchmarks.quantiles import p50, p99  # noqa: E402
from benchmarks.streams import stand_in  # noqa: E402
from benchmarks.yardstick_process import yardstick  # noqa: E402

_SETTINGS: dict[str, Any] = {"ANSWER_CACHE_SIZE": "0", "REQUESTS_PER_MINUTE": "0", "LOG_LEVEL": "WARNING"}
_CLAUSE = "Clause {0} of page {1} regulates item {2} and what follows from it for those who own it. "


@dataclass(frozen=True)
class Row:
    """One kind of request to one server; times in milliseconds."""

    server: str
    name: str
    idle: int
    idle_p50: float
    idle_p99: float
    during: int
    during_p50: float
    during_p99: float
    pages: int
    pages_per_s: float

    @property
    def ratio(self) -> float:
        """How many times the idle p99."""
        return self.during_p99 / self.idle_p99


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--samples", type=int, default=300, help="requests of each kind while the server is idle")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--yardstick-pages", type=int)
    options = parser.parse_args()
    with stand_in(words=5, delay=0.0) as url, tempfile.TemporaryDirectory() as folder:
        keys: dict[str, Any] = {"GROQ_API_KEY": "gsk_bench", "GROQ_API_BASE": url}
        with RunningServer(Path(folder) / "product", **keys, **_SETTINGS) as server:
            rows = measure("this service", server, options.pages, options.samples)
        with yardstick() as usual:
            if usual is not None:
                pages = options.yardstick_pages or max(1, options.pages // 10)
                with usual.server(Path(folder) / "yardstick", url) as server:
                    rows += measure("the yardstick", server, pages, options.samples)
    report = {"pages": options.pages, "rows": [asdict(row) | {"ratio": row.ratio} for row in rows]}
    print(json.dumps(report) if options.json else table(rows))


def measure(name: str, server: RunningServer, pages: int, samples: int) -> list[Row]:
    """The rows of /health and chat."""
    rivers = [(f"river-{n}.txt", f"River number {n} flows through valley {n * 7}.".encode()) for n in range(20)]
    client_id = server.new_client(*rivers)
    asked = iter(range(10**9))

    def health() -> None:
        assert server.http.get("/health").status_code == 200

    def chat() -> None:
        assert not server.ask(client_id, f"Which river is number {next(asked)}?", use_memory=False)["degraded"]

    calls = (health, chat)
    timed(calls, range(20))
    idle = timed(calls, range(samples))
    begun = time.perf_counter()
    during = timed(calls, going_on(server, make_pdf([page(n) for n in range(pages)])))
    rate = pages / (time.perf_counter() - begun)
    return [row(name, call.__name__, idle[n], during[n], pages, rate) for n, call in enumerate(calls)]


def page(number: int) -> str:
    """A page of 2,500 characters."""
    return "".join(_CLAUSE.format(clause, number, clause * number) for clause in range(30))


def going_on(server: RunningServer, pdf: bytes) -> Iterable[None]:
    """For as long as the file is taken in."""
    with ThreadPoolExecutor(1) as other:
        files, form = {"files": ("long.pdf", pdf)}, {"client_id": "owner"}
        upload = other.submit(httpx2.post, f"{server.url}/api/v1/ingest/", files=files, data=form, timeout=None)
        while not upload.done():
            yield
        assert upload.result().status_code == httpx2.codes.OK, upload.result().text


def timed(calls: Iterable[Callable[[], None]], rounds: Iterable[object]) -> list[list[float]]:
    """The milliseconds of each call in each round."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in rounds:
        for milliseconds, call in zip(taken, calls, strict=True):
            started = time.perf_counter()
            call()
            milliseconds.append((time.perf_counter() - started) * 1e3)
    return taken


def row(server: str, name: str, idle: list[float], during: list[float], pages: int, rate: float) -> Row:
    """The quantiles of both."""
    alone, beside = (len(idle), p50(idle), p99(idle)), (len(during), p50(during), p99(during))
    return Row(server, name, *alone, *beside, pages, rate)


def table(rows: list[Row]) -> str:
    """The rows as text."""
    lines = [f"{'':14}{'':8}{'idle p50':>10}{'p99':>9}{'':8}{'during p50':>12}{'p99':>10}{'':8}{'p99 ratio':>10}"]
    lines += [
        f"{row.server:14}{row.name:8}{row.idle_p50:>7.1f} ms{row.idle_p99:>6.1f} ms{f'({row.idle})':>8}"
        f"{row.during_p50:>9.1f} ms{row.during_p99:>7.1f} ms{f'({row.during})':>8}{row.ratio:>10.2f}"
        for row in rows
    ]
    rates = {f"{row.server}: {row.pages} pages at {row.pages_per_s:.1f} a second beside that": None for row in rows}
    return "\n".join([*lines, *rates])


if __name__ == "__main__":
    main()
