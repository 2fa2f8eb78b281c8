"""What choosing among the ranked passages brings: the gold that is shown to the model, and the tokens that it costs.

    python benchmarks/selection.py --data FOLDER [--passages 100] [--cache FILE] [--json]

FOLDER holds `harness.py` and its conversations (mtrag/dev). Each domain is a client; with `--passages` each
conversation is one, with its gold passages and others of any domain, so many in all: a small collection. The ranking is
the product's, by an exact scan; its best TOP_K passages are laid beside what `rag/selection.py` makes of it, joined as
in the prompt.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval import Meter, load_harness, turns_of
from benchmarks.retrieval_stand import PassagePlace, Stand
from conversational_rag.llm.tokens import estimate_tokens
from conversational_rag.observability.logging import configure_logging
from conversational_rag.rag import prompts
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.overlaps import join_overlaps
from conversational_rag.rag.query import TURNS_SEARCHED
from conversational_rag.rag.selection import CANDIDATES, select, spread, without_tail
from conversational_rag.rag.small_talk import without_small_talk
from conversational_rag.security.tenants import Tenant

_TOP_K = 4
_WAYS: dict[str, Callable[[Sequence[Passage]], Sequence[Passage]]] = {
    "the best 4": lambda ranked: ranked[:_TOP_K],
    "without the tail": lambda ranked: without_tail(ranked)[:_TOP_K],
    "of diverse files": lambda ranked: spread(ranked, _TOP_K),
    "both, as built": lambda ranked: select(ranked, _TOP_K),
}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The passages found for a turn, what each of them is, and which are gold."""

    passages: Sequence[Passage]
    places: dict[PassagePlace, str]
    gold: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One way of choosing: turns with gold in the prompt, gold passages in all, and per turn tokens and files."""

    name: str
    turns: int
    with_gold: int
    gold_passages: int
    tokens: float
    files: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Rank once, choose in every way, and print a table or JSON."""
    options = _parse(arguments)
    configure_logging("ERROR", "console")
    harness = load_harness(options.data)
    with tempfile.TemporaryDirectory() as folder, Meter(Stand(Path(folder), options.cache, exact=True)) as meter:
        rankings = list(_rankings(harness, meter, options))
    rows = [_measure(name, choose, rankings) for name, choose in _WAYS.items()]
    print(json.dumps([asdict(row) for row in rows], indent=2) if options.json else _table(rows))
    return 0


def _rankings(harness: ModuleType, meter: Meter, options: argparse.Namespace) -> Iterator[Ranking]:
    data = harness.load_multiturn("mtrag", "dev", str(options.data))
    groups = _conversations(data, options.passages) if options.passages else _domains(data)
    for number, (passages, queries) in enumerate(groups):
        tenant = Tenant(f"bench_{number}")
        places = meter.ingest_passages(tenant, passages)
        for query in queries:
            turns = without_small_talk(turns_of(query["history"]), TURNS_SEARCHED)
            found = meter.find(tenant, query["question"], turns, CANDIDATES * _TOP_K)
            yield Ranking(found, places, frozenset(data.qrels[query["qid"]]))


def _domains(data: Any) -> Iterator[tuple[list[dict[str, str]], list[dict[str, Any]]]]:
    for domain in data.domains:
        passages = [passage for passage in data.passages if passage["domain"] == domain]
        yield passages, [query for query in data.queries if query["domain"] == domain]


def _conversations(data: Any, count: int) -> Iterator[tuple[list[dict[str, str]], list[dict[str, Any]]]]:
    dealer, by_conversation = random.Random(3), dict[str, list[dict[str, Any]]]()
    for query in data.queries:
        by_conversation.setdefault(query["qid"].partition("<::>")[0], []).append(query)
    for queries in by_conversation.values():
        gold = {passage for query in queries for passage in data.qrels[query["qid"]]}
        own = [passage for passage in data.passages if passage["id"] in gold]
        others = [passage for passage in data.passages if passage["id"] not in gold]
        yield own + dealer.sample(others, max(0, count - len(own))), queries


def _measure(name: str, choose: Callable[[Sequence[Passage]], Sequence[Passage]], rankings: Sequence[Ranking]) -> Row:
    with_gold = gold_passages = tokens = files = 0
    for ranking in rankings:
        chosen = choose(ranking.passages)
        gold = ranking.gold & {ranking.places[each.document_id, each.page] for each in chosen}
        with_gold += bool(gold)
        gold_passages += len(gold)
        tokens += estimate_tokens(prompts.render_passages(join_overlaps(chosen)))
        files += len({each.document_id for each in chosen})
    turns = len(rankings)
    return Row(name, turns, with_gold, gold_passages, round(tokens / turns, 1), round(files / turns, 2))


def _table(rows: Sequence[Row]) -> str:
    lines = [f"{'':20}{'turns':>7}{'with gold':>11}{'gold passages':>15}{'tokens':>8}{'files':>7}"]
    lines += [
        f"{row.name:20}{row.turns:7}{row.with_gold:11}{row.gold_passages:15}{row.tokens:8.0f}{row.files:7.2f}"
        for row in rows
    ]
    return "\n".join(lines)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with harness.py and the sets")
    parser.add_argument("--passages", type=int, default=0, help="a small client a conversation, of so many passages")
    parser.add_argument("--cache", type=Path, help="keep the embeddings in this file for the next run")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
