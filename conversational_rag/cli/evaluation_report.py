"""What an evaluation has found, as tables and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from conversational_rag.services.evaluation import Case, Figures, Hit, Place, Trial, figures, misses

_QUESTION_CHARACTERS = 120
_OUTDATED = "Not all text is embedded with EMBEDDING_MODEL yet: the former vectors were searched, or words alone."


@dataclass(frozen=True, slots=True)
class Report:
    """The trials, the cases that cannot be judged with the reason, and whether the vectors were another model's."""

    client_id: str
    k: int
    trials: Sequence[Trial]
    unjudged: Sequence[tuple[Case, str]]
    outdated: bool

    @property
    def figures(self) -> Figures | None:
        """None when nothing could be judged."""
        return figures(self.trials, self.k)


def tables(report: Report) -> Iterator[RenderableType]:
    """The figures, the misses (worst first), and what could not be judged."""
    if report.outdated:
        yield Text(_OUTDATED)
    if (found := report.figures) is not None:
        yield _figures_table(found, report)
    if missed := misses(report.trials):
        yield _misses_table(missed)
    if report.unjudged:
        rows = [(str(case.line), _shortened(case.question), reason) for case, reason in report.unjudged]
        yield _table("Not judged", ("line", "question", "reason"), rows)


def as_json(report: Report) -> str:
    """The same as one JSON document; the keys are told in docs/retrieval.md."""
    return json.dumps(
        {
            "client_id": report.client_id,
            "k": report.k,
            "questions": len(report.trials),
            "outdated_vectors": report.outdated,
            "figures": _figures_object(report.figures, report.k),
            "misses": [_miss_object(trial) for trial in misses(report.trials)],
            "not_judged": [
                {"line": case.line, "question": case.question, "reason": reason} for case, reason in report.unjudged
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def _figures_table(found: Figures, report: Report) -> Table:
    shares = {f"Hit@{k}": share for k, share in found.hits.items()}
    shares |= {f"nDCG@{report.k}": found.ndcg, "MRR": found.mrr}
    cells = {name: f"{share:.3f}" for name, share in shares.items()}
    cells |= {"mean ms": f"{found.mean_milliseconds:.1f}", "p95 ms": f"{found.p95_milliseconds:.1f}"}
    cells |= {"questions": str(len(report.trials))}
    return _table(None, list(cells), [list(cells.values())])


def _misses_table(missed: Sequence[Trial]) -> Table:
    rows = [
        (
            str(trial.case.line),
            _shortened(trial.case.question),
            _places(trial.case.expected),
            _places([trial.hits[0].place]) if trial.hits else "nothing",
            f"{trial.hits[0].score:.3f}" if trial.hits else "",
            str(trial.rank) if trial.rank else "not found",
        )
        for trial in missed
    ]
    return _table(
        "Misses: something else came first",
        ("line", "question", "expected", "came first", "score", "expected at rank"),
        rows,
    )


def _table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        # As Text: nothing in a question or a file's name is read as markup or as an emoji.
        table.add_row(*map(Text, row))
    return table


def _shortened(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= _QUESTION_CHARACTERS else f"{line[:_QUESTION_CHARACTERS]}…"


def _places(places: Sequence[Place]) -> str:
    """`report.pdf p. 5, 6; notes.txt`"""
    pages: dict[str, list[str]] = {}
    for place in places:
        pages.setdefault(place.filename, []).extend([str(place.page)] if place.page is not None else [])
    return "; ".join(f"{name} p. {', '.join(numbers)}" if numbers else name for name, numbers in pages.items())


def _figures_object(found: Figures | None, k: int) -> dict[str, float] | None:
    if found is None:
        return None
    shares = {f"hit_at_{cut}": share for cut, share in found.hits.items()}
    shares |= {f"ndcg_at_{k}": found.ndcg, "mrr": found.mrr}
    times = {"mean_milliseconds": found.mean_milliseconds, "p95_milliseconds": found.p95_milliseconds}
    return {name: round(value, 4) for name, value in (shares | times).items()}


def _miss_object(trial: Trial) -> dict[str, Any]:
    return {
        "line": trial.case.line,
        "question": trial.case.question,
        "expected": [_place_object(place) for place in trial.case.expected],
        "first": _hit_object(trial.hits[0]) if trial.hits else None,
        "rank": trial.rank,
    }


def _place_object(place: Place) -> dict[str, Any]:
    return {"file": place.filename, "page": place.page}


def _hit_object(hit: Hit) -> dict[str, Any]:
    return {**_place_object(hit.place), "score": round(hit.score, 4)}
