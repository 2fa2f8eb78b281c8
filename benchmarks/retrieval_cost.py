"""What finding the passages of one turn costs, next to a bare embedding and a bare Chroma query on the same data.

    python benchmarks/retrieval_cost.py --data FOLDER [--chunks 1000 50000] [--turns 150] [--cache FILE] [--json]

FOLDER holds `harness.py` and its conversations (mtrag/dev); all chunks are one client's. Where more are wanted than
there are, each file gets further pages: copies in which every third sentence is exchanged for one of another page, so
that words are as frequent as before and no two texts alike. (Embedding 50,000 takes ten minutes; `--cache` keeps the
vectors.)

The turns are those of real conversations in their order, after a pause: the last answer was embedded while nobody
asked, as a running server does it; what that took stands in a column of its own. Where question follows question, a
turn embeds the answer as well (second row); the third row is a turn that embeds nothing. The yardstick embeds the
question alone and asks a bare Chroma collection for TOP_K texts. They are measured in turns, six rounds of each; CPU is
of all processes, Chroma's included. Of each ten turns the best round counts.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval import load_harness, turns_of
from benchmarks.retrieval_stand import CHUNK_OVERLAP, CHUNK_SIZE, Stand, StoredChunks
from conversational_rag.embedding.onnx import OnnxEmbedder
from conversational_rag.observability.logging import configure_logging
from conversational_rag.rag.conversation import Turn
from conversational_rag.rag.finder import PassageFinder
from conversational_rag.rag.query import last_answers
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.library import ClientLibrary

_TENANT, _TOP_K = Tenant("bench"), 4
_ROUNDS, _BLOCK, _BATCH = 6, 10, 1000
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
Passages = Sequence[dict[str, str]]
Query = tuple[str, list[Turn]]
Costs = list[tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One way of finding over so many chunks; milliseconds a turn."""

    name: str
    chunks: int
    files: int
    answer_cpu_ms: float
    cpu_ms: float
    wall_ms: float


class Way(Protocol):
    """One way of finding."""

    async def expect(self, history: list[Turn]) -> None:
        """What is done when the last answer of these turns was given."""

    async def find(self, question: str, history: list[Turn]) -> object:
        """The passages for a question after these turns."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table or JSON."""
    options = _parse(arguments)
    configure_logging("ERROR", "console")
    harness = load_harness(options.data)
    data = harness.load_multiturn("mtrag", "dev", str(options.data))
    queries = [
        (query["question"], [] if options.no_history else turns_of(query["history"]))
        for query in data.all_queries[: options.turns]
    ]
    rows: list[Row] = []
    for count in options.chunks:
        with tempfile.TemporaryDirectory() as folder:
            rows += asyncio.run(_measure(Path(folder), options.cache, resized(data.passages, count), queries))
    print(json.dumps([asdict(row) for row in rows], indent=2) if options.json else _table(rows))
    return 0


def resized(passages: Passages, chunks: int) -> list[dict[str, str]]:
    """About as many passages as make so many chunks: some of them, or copies with exchanged sentences as well."""
    dealer = random.Random(7)
    wanted = round(chunks * len(passages) / sum(map(_count_chunks, passages)))
    if wanted <= len(passages):
        return dealer.sample(list(passages), wanted)
    sentences = [sentence for passage in passages for sentence in _SENTENCES.split(passage["text"])]
    copies = [_copy(passages[number % len(passages)], sentences, dealer) for number in range(wanted - len(passages))]
    return [*passages, *copies]


def _copy(passage: dict[str, str], sentences: Sequence[str], dealer: random.Random) -> dict[str, str]:
    own = _SENTENCES.split(passage["text"])
    dealt = [dealer.choice(sentences) if number % 3 == 2 else sentence for number, sentence in enumerate(own)]
    return {**passage, "text": " ".join([*dealt, dealer.choice(sentences)])}


def _count_chunks(passage: dict[str, str]) -> int:
    """About: as many steps as the splitter takes."""
    return max(1, -(-(len(passage["text"]) - CHUNK_OVERLAP) // (CHUNK_SIZE - CHUNK_OVERLAP)))


async def _measure(folder: Path, cache: Path | None, passages: Passages, queries: Sequence[Query]) -> list[Row]:
    stand = Stand(folder, cache, exact=False)
    await stand.open()
    try:
        await stand.ingest_passages(_TENANT, passages)
        bare = _Bare(folder / "bare", await stand.stored_chunks(_TENANT))
        known = _Service(stand)
        ways: dict[str, Callable[[], Way]] = {
            "after a pause": lambda: _AfterPause(stand),
            "at once": lambda: _Service(stand),
            "nothing to embed": lambda: known,
            "bare embedding + Chroma": lambda: bare,
        }
        rounds: dict[str, list[Costs]] = {name: [] for name in ways}
        for _ in range(_ROUNDS):
            for name, begin in ways.items():
                rounds[name].append(await _round(stand, begin(), queries))
        files = len({passage["title"] or passage["id"] for passage in passages})
        return [Row(name, stand.chunks, files, *_best(each, len(queries))) for name, each in rounds.items()]
    finally:
        await stand.close()


class _Service:
    """The chain's own search; it remembers no vector at the start of a round."""

    def __init__(self, stand: Stand) -> None:
        self.vectors, self._stand = stand.recent_vectors(), stand
        self._finder = PassageFinder(_TOP_K)
        self._library: ClientLibrary | None = None

    async def expect(self, history: list[Turn]) -> None:
        pass

    async def find(self, question: str, history: list[Turn]) -> object:
        if self._library is None:  # the rest of a turn has read the client before it searches
            self._library = await self._stand.library(_TENANT, self.vectors)
        return await self._finder.find(self._library, question, history)


class _AfterPause(_Service):
    """The same, where the answers were embedded before."""

    async def expect(self, history: list[Turn]) -> None:
        for answer in last_answers(history):
            await self.vectors.embed_queries([answer])


class _Bare:
    """The shipped model and a Chroma collection, as a script would use them."""

    def __init__(self, folder: Path, stored: StoredChunks) -> None:
        import chromadb

        self._embedder = OnnxEmbedder.shipped()
        client = chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))
        self._collection = client.create_collection("bare", configuration={"hnsw": {"space": "cosine"}})
        for start in range(0, len(stored.texts), _BATCH):
            part = slice(start, start + _BATCH)
            ids, vectors = [str(number) for number in stored.vectors.ids[part]], stored.vectors.matrix[part]
            self._collection.add(ids=ids, embeddings=vectors, documents=stored.texts[part])

    async def expect(self, history: list[Turn]) -> None:
        pass

    async def find(self, question: str, history: list[Turn]) -> object:  # noqa: ARG002 it looks at the question alone
        vector = self._embedder.embed_queries([question])
        return self._collection.query(query_embeddings=vector, n_results=_TOP_K)


async def _round(stand: Stand, way: Way, queries: Sequence[Query]) -> Costs:
    """CPU seconds of the answers before each block of turns, CPU and wall seconds of the turns."""
    costs: Costs = []
    for start in range(0, len(queries), _BLOCK):
        block, before = queries[start : start + _BLOCK], stand.cpu_seconds()
        for _, history in block:
            await way.expect(history)
        cpu, wall = stand.cpu_seconds(), time.perf_counter()
        for question, history in block:
            await way.find(question, history)
        costs.append((cpu - before, stand.cpu_seconds() - cpu, time.perf_counter() - wall))
    return costs


def _best(rounds: Sequence[Costs], turns: int) -> tuple[float, float, float]:
    """CPU and wall milliseconds a turn, each block's from its best round: other work on the machine disturbs less."""
    blocks = list(zip(*rounds, strict=True))
    answer, cpu, wall = (1000 / turns * sum(min(cost[kind] for cost in block) for block in blocks) for kind in range(3))
    return answer, cpu, wall


def _table(rows: Sequence[Row]) -> str:
    lines = [f"{'':24}{'chunks':>8}{'files':>7}{'CPU a turn':>12}{'wall':>9}{'answer before it':>19}"]
    lines += [
        f"{r.name:24}{r.chunks:8}{r.files:7}{r.cpu_ms:9.1f} ms{r.wall_ms:6.1f} ms{r.answer_cpu_ms:12.1f} ms CPU"
        for r in rows
    ]
    return "\n".join(lines)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with harness.py and the sets")
    parser.add_argument("--chunks", type=int, nargs="+", default=[1000, 50_000], help="sizes of the collection")
    parser.add_argument("--turns", type=int, default=150, help="how many turns of the conversations to take")
    parser.add_argument("--no-history", action="store_true", help="each question with no conversation before it")
    parser.add_argument("--cache", type=Path, help="keep the embeddings in this file for the next run")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
