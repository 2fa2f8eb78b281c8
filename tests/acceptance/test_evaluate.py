"""`evaluate` judges the search by a team's own questions, beside a running server and without one."""

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import refused, run, succeed
from files.makers import make_pdf, make_scan_pdf
from running_server import RunningServer

PAGES = [
    "Introduction. This report describes the Lowgate bridge and its two keepers.",
    "The Lowgate bridge was painted in sea green. Its keepers live beside it.",
    "Costs. The yearly upkeep costs four million crowns.",
]
FOLLOW_UP = "And what colour was it?"
KEEPERS = {"question": "Who keeps the Lowgate bridge?", "answer": "The Lowgate bridge has two keepers."}
QUESTIONS: list[dict[str, Any]] = [
    {"question": "What does the upkeep cost?", "file": "report.pdf", "page": 3},
    {"question": FOLLOW_UP, "file": "report.pdf", "page": [2, 1], "history": [KEEPERS]},
    {"question": "Which colour has the ferry?", "file": ["ferry.txt", "report.pdf"]},
    {"question": "What does the upkeep cost?", "file": "tulips.txt"},
    {"question": "The storm and the ferry, or tulips?", "file": "tulips.txt"},
]
MISSING = {"question": "What is a tram?", "file": ["ferry.txt", "tram.pdf"]}
NO_SUCH_PAGE = {"question": "What does it cost?", "file": "report.pdf", "page": 9}
SCAN = {"question": "What does the scan say?", "file": "scan.pdf"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped instance whose client `team` has 13 files, of which one holds no text."""
    folder = tmp_path_factory.mktemp("evaluate")
    papers = folder / "papers"
    papers.mkdir()
    (papers / "report.pdf").write_bytes(make_pdf(PAGES))
    (papers / "scan.pdf").write_bytes(make_scan_pdf())
    (papers / "ferry.txt").write_text("The ferry was painted in white after the storm.")
    (papers / "tulips.txt").write_text("Tulips are planted in October.")
    for number in range(9):
        (papers / f"note {number}.txt").write_text(f"Note {number} is about the cost of paint.")
    run(folder, "ingest", "papers", "--client", "team")
    write(folder, "good.jsonl", *QUESTIONS)
    write(folder, "all.jsonl", *QUESTIONS, MISSING, NO_SUCH_PAGE, SCAN)
    return folder


def write(folder: Path, name: str, *lines: object) -> None:
    (folder / name).write_text("\n".join(json.dumps(line) for line in lines))


def evaluate(folder: Path, name: str, *options: str, **env: str) -> Any:
    return json.loads(succeed(folder, "evaluate", name, "--client", "team", "--json", *options, **env))


def without_times(report: dict[str, Any]) -> dict[str, Any]:
    figures = {name: value for name, value in report["figures"].items() if "milliseconds" not in name}
    return {**report, "figures": figures}


def test_a_stopped_instance_and_a_running_one_have_the_same_figures(folder: Path) -> None:
    stopped = evaluate(folder, "all.jsonl")
    with RunningServer(folder) as server:
        port = str(server.port)
        served = evaluate(folder, "all.jsonl", PORT=port)
        assert "no such client" in refused(folder, "evaluate", "all.jsonl", "--client", "nobody", PORT=port)
        assert server.http.get("/api/v1/sessions/stats").json()["total_sessions"] == 0
    assert without_times(stopped) == without_times(served)
    for report in (stopped, served):
        figures = report["figures"]
        assert 0 < figures["mean_milliseconds"] <= figures["p95_milliseconds"] < 10_000
    assert (stopped["client_id"], stopped["k"], stopped["questions"]) == ("team", 10, 5)
    assert stopped["outdated_vectors"] is False
    # Three of five come first, one comes second, one is not among the first ten.
    shares = {"hit_at_1": 0.6, "hit_at_5": 0.8, "hit_at_10": 0.8, "mrr": 0.7}
    assert {name: stopped["figures"][name] for name in shares} == shares
    lost, late = stopped["misses"]
    assert (lost["line"], lost["question"], lost["rank"]) == (4, "What does the upkeep cost?", None)
    assert lost["expected"] == [{"file": "tulips.txt", "page": None}]
    assert (lost["first"]["file"], lost["first"]["page"]) == ("report.pdf", 3)
    assert 0.5 < lost["first"]["score"] <= 1
    assert (late["line"], late["first"]["file"], late["rank"]) == (5, "ferry.txt", 2)
    assert [(each["line"], each["reason"]) for each in stopped["not_judged"]] == [
        (6, "expected file is not in the client's documents: tram.pdf"),
        (7, "expected page 9 is not there, the file has 3 pages: report.pdf"),
        (8, "expected file cannot be searched, it is empty: scan.pdf"),
    ]


def test_the_tables_say_the_same(folder: Path) -> None:
    told = succeed(folder, "evaluate", "all.jsonl", "--client", "team")
    for cell in ("Hit@1", "Hit@5", "Hit@10", "nDCG@10", "MRR", "mean ms", "p95 ms", "questions", "0.600", "0.700"):
        assert cell in told
    lost, late = [line.split("│")[1:-1] for line in told.splitlines() if "tulips.txt" in line]
    assert [cell.strip() for cell in lost[:4]] == ["4", "What does the upkeep cost?", "tulips.txt", "report.pdf p. 3"]
    assert (lost[5].strip(), late[5].strip()) == ("not found", "2")
    assert "expected file is not in the client's documents: tram.pdf" in told


def test_the_history_is_what_finds_a_follow_up(folder: Path) -> None:
    bare = {key: value for key, value in QUESTIONS[1].items() if key != "history"}
    write(folder, "follow-up.jsonl", QUESTIONS[1], bare)
    report = evaluate(folder, "follow-up.jsonl", "--k", "1")
    (miss,) = report["misses"]
    assert (miss["line"], miss["first"]["file"]) == (2, "ferry.txt")
    assert report["figures"]["hit_at_1"] == 0.5
    assert report["figures"]["ndcg_at_1"] == 0.5


def test_a_threshold_decides_the_exit_code(folder: Path) -> None:
    threshold = ("--client", "team", "--least-hit5")
    succeed(folder, "evaluate", "good.jsonl", *threshold, "0.8")
    below = run(folder, "evaluate", "good.jsonl", *threshold, "0.81", "--json")
    assert below.returncode == 2
    assert json.loads(below.stdout)["figures"]["hit_at_5"] == 0.8
    assert "Hit@5 is 0.800, at least 0.81 is wanted; questions that could not be judged: 0." in below.stderr
    unjudged = run(folder, "evaluate", "all.jsonl", *threshold, "0.8")
    assert unjudged.returncode == 2
    assert "could not be judged: 3." in unjudged.stderr


def test_bad_input_is_named_and_ends_with_1(folder: Path) -> None:
    write(folder, "bad.jsonl", QUESTIONS[0], {"question": "Where?", "pages": 1})
    assert "bad.jsonl, line 2: `file` is missing" in refused(folder, "evaluate", "bad.jsonl", "--client", "team")
    assert "no such client" in refused(folder, "evaluate", "good.jsonl", "--client", "nobody")
    write(folder, "elsewhere.jsonl", MISSING)
    assert "No question could be judged" in refused(folder, "evaluate", "elsewhere.jsonl", "--client", "team")


@pytest.mark.parametrize("arguments", [["--client", "a b"], ["--client", "team", "--k", "51"]])
def test_wrong_arguments_are_explained(folder: Path, arguments: list[str]) -> None:
    result = run(folder, "evaluate", "good.jsonl", *arguments)
    assert result.returncode == 2
    assert "Usage" in result.stderr


def test_figures_of_vectors_that_another_model_has_left_say_so(folder: Path) -> None:
    import sqlite3

    with sqlite3.connect(folder / "data" / "sessions.db") as database:
        database.execute("UPDATE clients SET embedding_fingerprint = 'another model' WHERE client_id = 'team'")
    database.close()
    assert "EMBEDDING_MODEL" in succeed(folder, "evaluate", "good.jsonl", "--client", "team")
    succeed(folder, "reindex", "--client", "team")
    assert evaluate(folder, "good.jsonl")["outdated_vectors"] is False
