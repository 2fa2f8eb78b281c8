"""How many of the true nearest the vector index finds, and how fast, next to comparing with every vector.

    python benchmarks/index_recall.py [--chunks 1000 10000 100000] [--questions 200] [--json]

The vectors are random, but as uneven as those of texts: of all-MiniLM-L6-v2 on articles the n-th principal direction
spreads as far as the first one divided by the square root of n. Where all directions are alike nothing is near
anything, and no index finds much. The goal is that 99 of 100 are found.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores import exact
from conversational_rag.vectorstores.base import Vectors
from conversational_rag.vectorstores.chroma import ChromaStore

_TENANT, _DIMENSIONS, _NEAREST = Tenant("bench"), 384, 10


@dataclass(frozen=True, slots=True)
class Row:
    """One size; a question's time in milliseconds (median)."""

    chunks: int
    recall: float
    index_ms: float
    exact_ms: float
    build_seconds: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [asyncio.run(measure(count, options.questions)) for count in options.chunks]
    print(json.dumps([asdict(row) for row in rows]) if options.json else table(rows))


def text_like(count: int, seed: int) -> Vectors:
    """Unit vectors, shape (count, 384)."""
    shares = np.arange(1, _DIMENSIONS + 1, dtype=np.float32) ** -0.5
    rows = np.random.default_rng(seed).standard_normal((count, _DIMENSIONS)).astype(np.float32) * shares
    vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


async def measure(count: int, questions: int) -> Row:
    """Build an index of so many vectors and ask it."""
    vectors, ids = text_like(count, 0), np.arange(count)
    found, index, scan = 0, list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        store = ChromaStore(Path(folder), 64)
        await store.ensure(_TENANT, "bench")
        started = time.perf_counter()
        await store.add(_TENANT, range(count), vectors, [{}] * count)
        built = time.perf_counter() - started
        for question in text_like(questions, 1):
            started = time.perf_counter()
            hits = await store.search(_TENANT, question, _NEAREST)
            answered = time.perf_counter()
            true = exact.search(ids, vectors, question, _NEAREST)
            scan.append(time.perf_counter() - answered)
            index.append(answered - started)
            found += len({hit.chunk_id for hit in true} & {hit.chunk_id for hit in hits})
        await store.close()
    return Row(count, found / questions / _NEAREST, median(index) * 1e3, median(scan) * 1e3, built)


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    head = f"{'chunks':>8}{'recall@10':>11}{'index':>11}{'exact scan':>13}{'built in':>11}"
    return "\n".join(
        [head]
        + [
            f"{row.chunks:>8}{row.recall:>11.4f}{row.index_ms:>8.1f} ms{row.exact_ms:>10.1f} ms"
            f"{row.build_seconds:>9.1f} s"
            for row in rows
        ]
    )


if __name__ == "__main__":
    main()
