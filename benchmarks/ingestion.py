"""How fast a PDF becomes searchable: over HTTP, next to the bare model on the same chunks.

    python benchmarks/ingestion.py [--pages 120] [--notes 200] [--rounds 3] [--json]

The product and the yardstick take in the same files, a new one each round, from the first byte sent to the answer that
says it can be found. The bare model is onnxruntime with the shipped file and its tokenizer, on exactly the chunks that
the product has stored: once as a script would use it (`default session`: one text after the other, onnxruntime's own
threads), once as it is fastest (`a text a thread`). The goal is held against the faster one. Rates are of the median
round; CPU is of all processes of a server.

A last row is of many small files in one upload, notes of a chunk each: what the service adds to each file shows there.
"""

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from files.makers import make_pdf  # noqa: E402 a checkout need not be installed
from running_server import RunningServer  # noqa: E402

from benchmarks.ingest_beside_chat import page  # noqa: E402
from benchmarks.processes import cpu_seconds  # noqa: E402
from benchmarks.yardstick_process import yardstick  # noqa: E402
from conversational_rag.embedding.onnx import SHIPPED_FOLDER  # noqa: E402

_SMALL = "this service, many small files"
_NOBODY = "http://127.0.0.1:9"
Taken = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One way of taking the files in; of the bare model only chunks are known."""

    name: str
    chunks: int
    chunks_per_s: float
    pages_per_s: float | None
    cpu_ms_per_chunk: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--notes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), options.pages, options.notes, options.rounds)
    report = {
        "pages": options.pages,
        "notes": options.notes,
        "rounds": options.rounds,
        "rows": [asdict(row) for row in rows],
    }
    print(json.dumps(report) if options.json else table(rows))


def measure(folder: Path, pages: int, notes: int, rounds: int) -> list[Row]:
    """A row for each way; they take turns."""
    with ExitStack() as stack:
        product = stack.enter_context(RunningServer(folder / "product", MAX_FILES=str(max(notes, 1))))
        ways: dict[str, Callable[[bytes], Taken]] = {"this service": lambda pdf: uploaded(product, ("book.pdf", pdf))}
        usual = stack.enter_context(yardstick())
        if usual is not None:
            server = stack.enter_context(usual.server(folder / "yardstick", _NOBODY))
            ways["the yardstick"] = lambda pdf: uploaded(server, ("book.pdf", pdf))
        sessions = {"bare model, default session": Bare(None), "bare model, a text a thread": Bare(os.cpu_count() or 1)}
        for name, session in sessions.items():
            ways[name] = lambda _, session=session: session.embedded(stored_texts(folder / "product"))  # type: ignore[misc]
        taken: dict[str, list[Taken]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            # The first round, of a tenth, starts what is started when it is needed.
            pdf = book(number * pages, pages if number else max(1, pages // 10))
            for name, way in ways.items():
                found = way(pdf)
                taken[name] += [found] if number else []
        small = [uploaded(product, *letters(number, notes)) for number in range(rounds)]
    return [
        *(row(name, rows, None if name.startswith("bare") else pages) for name, rows in taken.items()),
        row(_SMALL, small),
    ]


def book(first: int, pages: int) -> bytes:
    """A PDF of pages of 2,500 characters, none like another's."""
    return make_pdf([page(number) for number in range(first, first + pages)])


def letters(number: int, count: int) -> list[tuple[str, bytes]]:
    """So many notes of a third of a page, none like another's."""
    first = 1_000_000 + number * count
    return [(f"note {each}.txt", page(each)[:800].encode()) for each in range(first, first + count)]


def uploaded(server: RunningServer, *files: tuple[str, bytes]) -> Taken:
    """Seconds, CPU seconds and chunks of an upload into a new client."""
    cpu, began = cpu_seconds(server.pid), time.perf_counter()
    answer = server.upload(*files)
    seconds = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return seconds, cpu_seconds(server.pid) - cpu, answer.json()["chunks_created"]


def stored_texts(folder: Path) -> list[str]:
    """What was embedded of the newest document."""
    query = "select title, text from chunks where document_id = (select document_id from chunks order by id desc)"
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'sessions.db'}?mode=ro", uri=True)) as connection:
        return [f"{title}\n{text}" for title, text in connection.execute(query)]


class Bare:
    """onnxruntime and tokenizers, nothing else; `threads` None: one text after the other."""

    def __init__(self, threads: int | None) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = 1
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session = onnxruntime.InferenceSession(str(SHIPPED_FOLDER / "model.onnx"), options)
        self._tokenizer = Tokenizer.from_file(str(SHIPPED_FOLDER / "tokenizer.json"))
        self._workers = ThreadPoolExecutor(threads or 1)

    def embedded(self, texts: Sequence[str]) -> Taken:
        """Seconds, CPU seconds and texts."""
        cpu, began = time.process_time(), time.perf_counter()
        vectors = list(self._workers.map(self.vector, texts))
        return time.perf_counter() - began, time.process_time() - cpu, len(vectors)

    def vector(self, text: str) -> np.ndarray:
        """Of one text, as the graph pools it."""
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        found: np.ndarray = self._session.run(None, {"input_ids": ids})[0][0]
        return found


def row(name: str, rounds: Sequence[Taken], pages: int | None = None) -> Row:
    """The median round."""
    chunks = rounds[0][2]
    rate = median(count / seconds for seconds, _, count in rounds)
    cpu = median(spent / count for _, spent, count in rounds)
    per_s = None if pages is None else pages / median(seconds for seconds, _, _ in rounds)
    return Row(name, chunks, rate, per_s, cpu * 1e3)


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    lines = [f"{'':32}{'chunks':>8}{'chunks/s':>10}{'pages/s':>10}{'CPU/chunk':>12}"]
    for each in rows:
        pages = "" if each.pages_per_s is None else f"{each.pages_per_s:.1f}"
        rates = f"{each.chunks:>8}{each.chunks_per_s:>10.1f}{pages:>10}"
        lines.append(f"{each.name:32}{rates}{each.cpu_ms_per_chunk:>9.1f} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
