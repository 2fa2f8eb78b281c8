"""How well shared words and numbers tell what a passage supports from what it does not.

    python benchmarks/citations.py --data FOLDER

FOLDER holds `harness.py` and `mtrag/dev`. Each sentence of a reference answer that gives an answer is laid beside the
passages it was written from (supported), beside as many passages that share most words with the question but were
judged to be of no use (not supported), and, with one of its numbers changed, beside its own again.
"""

import argparse
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval import load_harness
from conversational_rag.llm.sentences import split_sentences
from conversational_rag.llm.words import content_words
from conversational_rag.rag import citations
from conversational_rag.rag.citations import check_citations
from conversational_rag.rag.conversation import Passage

_THRESHOLDS = (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8)
_LEAST_WORDS = 4


@dataclass(frozen=True)
class Case:
    """A sentence, the passages it was written from, and passages that it was not written from."""

    sentence: str
    gold: Sequence[Passage]
    others: Sequence[Passage]


def main() -> int:
    """Print a row a threshold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    cases = list(_cases(load_harness(folder).load_multiturn("mtrag", "dev", str(folder))))
    numbered = [(case, changed) for case in cases if (changed := _with_another_number(case.sentence))]
    print(f"{len(cases)} sentences, {len(numbered)} of them with a number")
    print("share   supported   not supported   number changed")
    for threshold in _THRESHOLDS:
        citations.SUPPORTED_SHARE = threshold
        supported = _share(_verified(case.sentence, case.gold) for case in cases)
        wrong = _share(_verified(case.sentence, case.others) for case in cases)
        changed = _share(_verified(sentence, case.gold) for case, sentence in numbered)
        print(f"{threshold:5.2f} {supported:11.3f} {wrong:15.3f} {changed:16.3f}")
    return 0


def _verified(sentence: str, passages: Sequence[Passage]) -> bool:
    """Whether the sentence, citing all these passages, is verified."""
    marked = sentence + "".join(f"[{number}]" for number in range(1, len(passages) + 1))
    return any(each.verified for each in check_citations(marked, passages))


def _share(results: Iterator[bool]) -> float:
    found = list(results)
    return sum(found) / len(found)


def _cases(data: Any) -> Iterator[Case]:
    passages = {row["id"]: _passage(row) for row in data.passages}
    words = {row["id"]: set(content_words(row["text"])) for row in data.passages}
    frequency = Counter(word for held in words.values() for word in held)
    domains: dict[str, list[str]] = {}
    for row in data.passages:
        domains.setdefault(row["domain"], []).append(row["id"])
    for query in data.queries:
        if query["answerability"] != "ANSWERABLE":
            continue
        gold = sorted(data.qrels[query["qid"]])
        asked = set(content_words(query["rewrite"]))
        weight = {word: math.log(len(words) / (1 + frequency[word])) for word in asked}
        near = sorted(
            (other for other in domains[query["domain"]] if other not in gold),
            key=lambda other: -sum(weight[word] for word in asked & words[other]),
        )[: len(gold)]
        for sentence in _sentences(query["reference_answer"]):
            yield Case(sentence, [passages[each] for each in gold], [passages[each] for each in near])


def _sentences(text: str) -> Iterator[str]:
    for start, end in split_sentences(text):
        sentence = re.sub(r"\[\d+\]", "", text[start:end])
        if len(set(content_words(sentence))) >= _LEAST_WORDS:
            yield sentence


def _with_another_number(sentence: str) -> str:
    """The sentence with its last number of two digits or more made larger; empty without one."""
    numbers = list(re.finditer(r"(?<![\w.,])\d{2,}(?![\w.,]*\d)", sentence))
    if not numbers:
        return ""
    last = numbers[-1]
    return f"{sentence[: last.start()]}{int(last.group()) + 7}{sentence[last.end() :]}"


def _passage(row: dict[str, str]) -> Passage:
    return Passage(0, row["id"], f"{row['title'] or 'untitled'}.txt", 0, None, 0, row["text"], 1.0)


if __name__ == "__main__":
    sys.exit(main())
