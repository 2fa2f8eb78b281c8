"""Retrieval quality and cost, through the product's own splitting, embedding, tables, index and retriever.

    python benchmarks/retrieval.py --data FOLDER                          conversations: FOLDER/mtrag/dev
    python benchmarks/retrieval.py --data FOLDER --set NAME --side SIDE   another prepared set
    python benchmarks/retrieval.py --data FOLDER --set NAME --pdfs        PDFs with questions and gold pages

FOLDER holds `harness.py`, which loads the sets and computes the figures. In a set of conversations passages of one
title are the pages of one file, a passage without a title is a file of its own; each domain is a client.
"""

import argparse
import asyncio
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval_stand import PassagePlace, Stand
from conversational_rag.observability.logging import configure_logging
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.security.tenants import Tenant

# The harness counts passages or pages, the product finds chunks, several of which may be of one page.
_CHUNKS_PER_RESULT = 4
_COLUMNS = ("nDCG@5", "R@5", "R@10", "Hit@1", "Hit@5", "MRR")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one set and print its table, or the whole report as JSON."""
    options = _parse(arguments)
    configure_logging("WARNING", "console")
    harness = load_harness(options.data)
    with (
        tempfile.TemporaryDirectory() as folder,
        Meter(Stand(Path(folder), options.cache, exact=options.exact)) as meter,
    ):
        report = _run_pdfs(harness, meter, options) if options.pdfs else _run_turns(harness, meter, options)
        report |= meter.report()
    print(json.dumps(report, indent=2) if options.json else _table(report))
    return 0


class Meter:
    """Runs the stand's coroutines for the harness, which knows no event loop, and counts what they cost."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self._runner = asyncio.Runner()
        self._ingest_seconds = self._cpu_seconds = self._wall_seconds = 0.0
        self._queries = 0

    def __enter__(self) -> "Meter":
        self._runner.run(self.stand.open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._runner.run(self.stand.close())
        self._runner.close()

    def ingest_passages(self, tenant: Tenant, passages: Sequence[dict[str, str]]) -> dict[PassagePlace, str]:
        """Store a domain; which passage stands where."""
        start = time.perf_counter()
        places = self._runner.run(self.stand.ingest_passages(tenant, passages))
        self._ingest_seconds += time.perf_counter() - start
        return places

    def ingest_pdfs(self, tenant: Tenant, paths: Sequence[Path]) -> None:
        """Read and store files."""
        start = time.perf_counter()
        self._runner.run(self.stand.ingest_pdfs(tenant, paths))
        self._ingest_seconds += time.perf_counter() - start

    def find(self, tenant: Tenant, question: str, history: Sequence[Turn], k: int) -> list[Passage]:
        """One search; the first one of a run warms up and is not counted."""
        if not self._queries:
            self._runner.run(self.stand.find(tenant, question, history, k))
        cpu, wall = self.stand.cpu_seconds(), time.perf_counter()
        passages = self._runner.run(self.stand.find(tenant, question, history, k))
        self._cpu_seconds += self.stand.cpu_seconds() - cpu
        self._wall_seconds += time.perf_counter() - wall
        self._queries += 1
        return passages

    def report(self) -> dict[str, float | int]:
        """What was counted."""
        queries = max(1, self._queries)
        return {
            "chunks": self.stand.chunks,
            "ingest seconds": round(self._ingest_seconds, 1),
            "queries": self._queries,
            "CPU ms per query": round(1000 * self._cpu_seconds / queries, 2),
            "wall ms per query": round(1000 * self._wall_seconds / queries, 2),
        }


def _run_turns(harness: ModuleType, meter: Meter, options: argparse.Namespace) -> dict[str, Any]:
    data = harness.load_multiturn(options.set, options.side, str(options.data))
    clients = (Tenant(f"bench_{number}") for number in range(1000))

    def factory(passages: Sequence[dict[str, str]]) -> Callable[[Sequence[dict[str, str]], str, int], list[str]]:
        tenant = next(clients)
        places = meter.ingest_passages(tenant, passages)

        def retrieve(history: Sequence[dict[str, str]], question: str, k: int) -> list[str]:
            turns = [] if options.no_history else turns_of(history)
            found = meter.find(tenant, question, turns, k * _CHUNKS_PER_RESULT)
            return list(dict.fromkeys(places[each.document_id, each.page] for each in found))[:k]

        return retrieve

    report: dict[str, Any] = harness.evaluate(factory, data, merged=options.merged)
    return report


def _run_pdfs(harness: ModuleType, meter: Meter, options: argparse.Namespace) -> dict[str, Any]:
    data = harness.load_pdfs(options.set, options.side, str(options.data))
    tenant = Tenant("bench_pdfs")

    def factory(paths: Sequence[str]) -> Callable[..., list[tuple[str, int | None]]]:
        meter.ingest_pdfs(tenant, [Path(path) for path in paths])

        def retrieve(question: str, k: int, doc: str | None = None) -> list[tuple[str, int | None]]:
            found = meter.find(tenant, question, (), k)
            return [(each.filename, each.page) for each in found if doc in (None, each.filename)]

        return retrieve

    report: dict[str, Any] = harness.evaluate_pdfs(factory, data)
    return report


def turns_of(history: Sequence[dict[str, str]]) -> list[Turn]:
    """The pairs of question and answer in a list of messages."""
    turns: list[Turn] = []
    for number, message in enumerate(history):
        if message["role"] == "user":
            turns.append(Turn(number, message["text"], ""))
        elif turns:
            turns[-1] = Turn(turns[-1].question_id, turns[-1].question, message["text"])
    return turns


def _table(report: dict[str, Any]) -> str:
    lines = [f"{'':24}" + "".join(f"{column:>9}" for column in (*_COLUMNS, "n"))]
    for name, value in report.items():
        if isinstance(value, dict) and value["n"]:
            cells = "".join(f"{value[column]:9.3f}" for column in _COLUMNS)
            lines.append(f"{name:24}{cells}{value['n']:9}")
    lines.append("")
    for name, value in report.items():
        if not isinstance(value, dict):
            values = value if isinstance(value, tuple | list) else [value]
            lines.append(
                f"{name}: " + " to ".join(f"{each:.3f}" if isinstance(each, float) else str(each) for each in values)
            )
    return "\n".join(lines)


def load_harness(folder: Path) -> ModuleType:
    path = folder / "harness.py"
    spec = importlib.util.spec_from_file_location("harness", path)
    if spec is None or spec.loader is None or not path.is_file():
        sys.exit(f"There is no {path}: --data names the folder of the evaluation data.")
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    return harness


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with harness.py and the sets")
    parser.add_argument("--set", default="mtrag", help="the set's name (mtrag)")
    parser.add_argument("--side", default="dev", help="which part of the set (dev)")
    parser.add_argument("--pdfs", action="store_true", help="the set is PDFs with gold pages")
    parser.add_argument("--merged", action="store_true", help="all domains in one client instead of one client each")
    parser.add_argument("--no-history", action="store_true", help="search with the question alone")
    parser.add_argument("--exact", action="store_true", help="compare with every vector instead of asking Chroma")
    parser.add_argument("--cache", type=Path, help="keep the embeddings in this file for the next run")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
