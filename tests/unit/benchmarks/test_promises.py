import re
from pathlib import Path

import pytest

from benchmarks import pages
from benchmarks.promises import PROMISES, Promise, at_least, at_most
from benchmarks.run import SIZES
from scripts.write_performance import filled

PAGE = Path(__file__).parents[3] / "docs" / "performance.md"
MACHINE = {"processor": "One", "cores": 2, "memory_gb": 8.0, "system": "Linux 6", "python": "3.11.7", "sqlite": "3.40"}


def lines_of(name: str, report: dict[str, object]) -> dict[str, dict[str, object]]:
    """What a run of one benchmark has written."""
    return {"machine": {"report": MACHINE}, name: {"load_before": 0.25, "report": report}}


def test_every_promise_is_measured_by_a_benchmark_that_has_a_place_on_the_page() -> None:
    places = set(re.findall(r"<!-- figures: (\w+) -->", PAGE.read_text()))

    assert {promise.benchmark for promise in PROMISES} <= set(SIZES)
    assert places == {"machine", "promises", *SIZES}


@pytest.mark.parametrize(
    ("goal", "figure", "verdict"),
    [
        (at_most(3), 3.0, "met"),
        (at_most(3), 3.01, "**not met**"),
        (at_least(4), 4.0, "met"),
        (at_least(4), 3.9, "**not met**"),
        (at_least(4), None, "not measured"),
    ],
)
def test_a_figure_on_the_wrong_side_of_its_limit_breaks_the_promise(
    goal: object, figure: float | None, verdict: str
) -> None:
    assert Promise("turn", "it is quick", goal, lambda _: figure).verdict({}) == verdict  # type: ignore[arg-type]


def test_a_promise_kept_at_a_smaller_size_says_so() -> None:
    promise = Promise("streams", "none fails", at_most(0), lambda _: 0.0, is_full=lambda _: False)

    assert promise.verdict({}) == "met, smaller"


def test_without_the_yardstick_what_is_held_against_it_is_not_measured() -> None:
    ours = {"name": "this service, empty", "health_s": 1.0, "health_cpu_s": 1.5, "ready_s": 2.0, "ready_cpu_s": 2.5}
    told = pages.promises(lines_of("cold_start", {"rows": [ours]}), "cold_start")

    assert re.search(r"CPU of a start .*1\.50 s *\| met", told)
    assert re.search(r"yardstick's start .*not measured", told)


def test_only_what_stands_between_the_marks_is_written_anew() -> None:
    page = "Before.\n<!-- figures: index_recall -->\nold\n<!-- end -->\nAfter.\n"
    rows = [{"chunks": 1000, "recall": 0.9951, "index_ms": 1.5}]

    written = filled(page, lines_of("index_recall", {"rows": rows}))

    assert written.startswith("Before.\n<!-- figures: index_recall -->\n| chunks |")
    assert written.endswith("\n<!-- end -->\nAfter.\n")
    assert "old" not in written
    assert filled(written, lines_of("index_recall", {"rows": rows})) == written


def test_a_benchmark_that_did_not_run_leaves_no_old_figures() -> None:
    page = "<!-- figures: turn -->\n| 5 ms |\n<!-- end -->"

    assert filled(page, lines_of("streams", {})) == "<!-- figures: turn -->\nNot measured in this run.\n<!-- end -->"


def test_the_machine_is_named_with_its_load() -> None:
    assert filled("<!-- figures: machine -->\n<!-- end -->", lines_of("turn", {}), "In May") == (
        "<!-- figures: machine -->\nIn May: 2 cores (One), 8 GB of memory, Linux 6, Python 3.11.7, SQLite 3.40; the "
        "load of the machine before each benchmark was 0.2 to 0.2.\n<!-- end -->"
    )
