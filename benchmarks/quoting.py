"""Answers without a model: how well sentences are chosen, and what is refused.

    python benchmarks/quoting.py --data FOLDER

FOLDER holds `harness.py` and `mtrag/dev`. The quotes for each question that has an answer are laid beside the reference
answer, by the words that the question does not hold: their precision, recall and F1; `gold` is the share of quotes from
passages that were judged relevant, where one was found. Refused should be no question that has an answer, and every one
that is asked of another domain's passages.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval import Meter, load_harness, turns_of
from benchmarks.retrieval_stand import Stand
from conversational_rag.config import Settings
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.embedding.registry import load_embedder
from conversational_rag.llm.extractive import Extraction, Quote
from conversational_rag.llm.words import content_words
from conversational_rag.observability.logging import configure_logging
from conversational_rag.security.tenants import Tenant

_TOP_K = 4


@dataclass(frozen=True)
class Found:
    """A question, the question before it, and the passages that were found for it, `gold` or not."""

    query: Mapping[str, Any]
    context: Sequence[str]
    texts: Sequence[str]
    gold: Sequence[bool]


def main() -> int:
    """Print a row a way of choosing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a file that keeps the passages' vectors")
    options = parser.parse_args()
    configure_logging("WARNING", "console")
    data = load_harness(options.data).load_multiturn("mtrag", "dev", str(options.data))
    with (
        tempfile.TemporaryDirectory() as folder,
        Meter(Stand(Path(folder), options.cache, exact=True)) as meter,
    ):
        found = list(_search(data, meter))
    asyncio.run(_report([each for each in found if each.query["answerability"] == "ANSWERABLE"]))
    return 0


def _search(data: Any, meter: Meter) -> Iterator[Found]:
    for number, domain in enumerate(sorted({query["domain"] for query in data.all_queries})):
        tenant = Tenant(f"bench_{number}")
        places = meter.ingest_passages(tenant, [row for row in data.passages if row["domain"] == domain])
        for query in (each for each in data.all_queries if each["domain"] == domain):
            turns = turns_of(query["history"])
            passages = meter.find(tenant, query["question"], turns, _TOP_K)
            gold = data.qrels.get(query["qid"], ())
            yield Found(
                query,
                [turn.question for turn in turns[-1:]],
                [each.text for each in passages],
                [places[each.document_id, each.page] in gold for each in passages],
            )


async def _report(found: Sequence[Found]) -> None:
    settings = Settings()
    pool = EmbeddingPool(lambda: load_embedder(settings.embedding_model, settings.embedding_threads))
    print(f"{len(found)} questions with an answer")
    print("                    F1   precision  recall   gold  refused  of another domain")
    for name, meaning in (("words", None), ("words and meaning", pool)):
        own = [await _quotes(each.query["question"], each.context, each.texts, meaning) for each in found]
        foreign = [await _quotes(each.query["rewrite"], (), _others(each, found), meaning) for each in found]
        scores = [_score(each, quotes) for each, quotes in zip(found, own, strict=True)]
        columns = [fmean(column) for column in zip(*scores, strict=True)]
        columns.append(fmean(_gold(each, quotes) for each, quotes in zip(found, own, strict=True) if any(each.gold)))
        refused, rightly = (fmean(not quotes for quotes in answers) for answers in (own, foreign))
        row = "  ".join(f"{value:7.3f}" for value in (*columns, refused, rightly))
        print(f"{name:17s} {row}")
    await pool.close()


async def _quotes(
    question: str, context: Sequence[str], texts: Sequence[str], pool: EmbeddingPool | None
) -> tuple[Quote, ...]:
    extraction = Extraction(question, texts, context)
    sentences = extraction.to_compare()
    if pool is None or not sentences:
        return extraction.quotes()
    asked, *compared = await pool.embed_queries([question, *sentences])
    return extraction.quotes({text: float(each @ asked) for text, each in zip(sentences, compared, strict=True)})


def _others(one: Found, found: Sequence[Found]) -> Sequence[str]:
    """The passages of a question of another domain, the same in every run."""
    others = [each for each in found if each.query["domain"] != one.query["domain"]]
    return random.Random(one.query["qid"]).choice(others).texts


def _score(found: Found, quotes: Sequence[Quote]) -> tuple[float, float, float]:
    """F1, precision and recall of the words beside the reference answer's."""
    asked = set(content_words(found.query["question"]))
    said = set(content_words(" ".join(quote.text for quote in quotes))) - asked
    reference = set(content_words(found.query["reference_answer"])) - asked
    shared = len(said & reference)
    if not shared:
        return 0.0, 0.0, 0.0
    precision, recall = shared / len(said), shared / len(reference)
    return 2 * precision * recall / (precision + recall), precision, recall


def _gold(found: Found, quotes: Sequence[Quote]) -> float:
    return fmean(found.gold[quote.passage] for quote in quotes) if quotes else 0.0


if __name__ == "__main__":
    sys.exit(main())
