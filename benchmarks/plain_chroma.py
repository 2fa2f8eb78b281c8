"""A plain use of Chroma, one collection a client and nothing done about it: the yardstick of the clients benchmark.

    python benchmarks/plain_chroma.py FOLDER fill|ask CLIENTS CHUNKS

A process of its own, because what Chroma has opened it does not give back; prints JSON. Times in milliseconds.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.clients_stand import Language, unit_vectors
from benchmarks.processes import memory_bytes, open_files

_DIMENSIONS, _WARM_ROUNDS = 384, 5


def main() -> None:
    """Fill the folder, or ask each client twice over, the second time when its index is in memory."""
    folder, task, count, chunk_count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    import chromadb

    client = chromadb.PersistentClient(str(folder), settings=chromadb.config.Settings(anonymized_telemetry=False))
    told = fill(client, count, chunk_count) if task == "fill" else ask(client, count)
    sys.stdout.write(json.dumps(told))


def fill(client: Any, count: int, chunk_count: int) -> dict[str, Any]:
    """How long each client's creation took."""
    language, taken = Language(), list[float]()
    for number in range(count):
        texts = [language.text() for _ in range(chunk_count)]
        vectors = unit_vectors(chunk_count, _DIMENSIONS, number)
        taken.append(timed(lambda: _create(client, number, texts, vectors)))  # noqa: B023 called at once
    return {"created": taken}


def ask(client: Any, count: int) -> dict[str, Any]:
    """How long the first and the later questions took, and what the process holds at the end."""
    before = memory_bytes(os.getpid())
    questions = unit_vectors(count, _DIMENSIONS, seed=count)

    def one(number: int) -> None:
        found = client.get_collection(f"client{number}", embedding_function=None)
        found.query(query_embeddings=questions[number].reshape(1, -1), n_results=10)

    cold = [timed(lambda: one(number)) for number in range(count)]  # noqa: B023 called at once
    warm = [timed(lambda: one(number)) for _ in range(_WARM_ROUNDS) for number in range(max(0, count - 20), count)]  # noqa: B023
    grown = memory_bytes(os.getpid()) - before
    return {"cold": cold, "warm": warm, "grown_bytes": grown, "open_files": open_files(os.getpid())}


def timed(call: Callable[[], object]) -> float:
    """The milliseconds of a call."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


def _create(client: Any, number: int, texts: list[str], vectors: Any) -> None:
    collection = client.create_collection(f"client{number}", embedding_function=None)
    collection.add(ids=[str(row) for row in range(len(texts))], embeddings=vectors, documents=texts)


if __name__ == "__main__":
    main()
