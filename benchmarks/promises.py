"""What the service promises of its speed, and what of a benchmark's report is held against it."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.figures import Figure, Report, most, of, of_last, ratio, value

OURS, USUAL = "this service", "the yardstick"


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit and its unit."""

    limit: float
    unit: str
    is_floor: bool

    def __str__(self) -> str:
        return f"{'at least' if self.is_floor else 'at most'} {round(self.limit, 2):,g}{self.unit}"

    def met_by(self, figure: float) -> bool:
        """Whether it is on the right side."""
        return figure >= self.limit if self.is_floor else figure <= self.limit


def at_most(limit: float, unit: str = "") -> Goal:
    """No more than that."""
    return Goal(limit, unit, is_floor=False)


def at_least(limit: float, unit: str = "") -> Goal:
    """No less than that."""
    return Goal(limit, unit, is_floor=True)


@dataclass(frozen=True, slots=True)
class Promise:
    """A goal, and whether a report is of the size it speaks of."""

    benchmark: str
    text: str
    goal: Goal
    figure: Figure
    is_full: Callable[[Report], bool] = lambda _: True

    def verdict(self, report: Report) -> str:
        """In a word or two."""
        figure = self.figure(report)
        if figure is None:
            return "not measured"
        return f"{'met' if self.goal.met_by(figure) else '**not met**'}{'' if self.is_full(report) else ', smaller'}"


def _cpu_of_whole_streams(name: str) -> Figure:
    """Of the first row whose answers are as long as they get, which is that of as many streams as bare httpx reads."""
    return lambda report: value("cpu_ms_per_stream", name=name, words=report["words"])(report)


def _is_crowd(report: Report) -> bool:
    return bool(report["clients"] >= 5000 and report["chunks"] >= 50)


def _is_long(report: Report) -> bool:
    return bool(report["pages"] >= 500)


def _is_many(report: Report) -> bool:
    return bool(report["rows"][-1]["streams"] >= 1000)


_READY, _REST = (value("ready_s", name=f"{OURS}, empty"), value("ready_s", name=USUAL)), {"when": "at rest"}
_MEMORY = ratio(value("share_mb", name=OURS, **_REST), value("share_mb", name=USUAL, **_REST))
_CHUNKS = value("chunks_per_s", name=OURS)
_LAST, _FIRST = (value("p50", "created", name=f"create, {end}") for end in ("last", "first"))
_STREAM_CPU = ratio(*(_cpu_of_whole_streams(name) for name in (OURS, "bare httpx")))
_LOAD = "load of the last 20"

PROMISES = (
    Promise("cold_start", "CPU of a start", at_most(3, " s"), value("health_cpu_s", name=f"{OURS}, empty")),
    Promise("cold_start", "how many times the yardstick's start takes ours", at_least(4), ratio(_READY[1], _READY[0])),
    Promise("memory", "at rest, of the yardstick's", at_most(1 / 3), _MEMORY),
    Promise("ingestion", "of the bare model's rate", at_least(0.85), ratio(_CHUNKS, most("chunks_per_s", name="bare"))),
    Promise("ingestion", "of the yardstick's rate", at_least(2), ratio(_CHUNKS, value("chunks_per_s", name=USUAL))),
    Promise(
        "turn",
        "one turn at p50, of the bare sum",
        at_most(1.5),
        ratio(value("p50_ms", name=OURS), value("p50_ms", name="bare sum")),
    ),
    Promise(
        "turn",
        "turns a second of 20 callers, of the yardstick's",
        at_least(4),
        ratio(value("turns_per_s", "crowds", name=OURS), value("turns_per_s", "crowds", name=USUAL)),
    ),
    Promise("turn", "errors of 20 callers", at_most(0), value("errors", "crowds", name=OURS)),
    Promise("streams", "CPU of a stream, of bare httpx's", at_most(2), _STREAM_CPU),
    Promise("streams", "1,000 streams: failed", at_most(0), of_last("rows", "failed"), _is_many),
    Promise("streams", "1,000 streams: gap p99", at_most(250, " ms"), of_last("rows", "gap_p99_ms"), _is_many),
    Promise(
        "ingest_beside_chat", "p99 beside 500 pages, of the idle", at_most(3), most("ratio", server=OURS), _is_long
    ),
    Promise("clients", "memory", at_most(600, " MB"), of_last("held", "server_mb", "chroma_mb"), _is_crowd),
    Promise("clients", "open files", at_most(1200), of_last("held", "open_files"), _is_crowd),
    Promise("clients", "creation of the last, of the first", at_most(2), ratio(_LAST, _FIRST), _is_crowd),
    Promise("clients", "cold question, p99", at_most(150, " ms"), value("p99", name="search, cold"), _is_crowd),
    Promise("clients", "warm question, p99", at_most(15, " ms"), value("p99", name="search, warm"), _is_crowd),
    Promise("clients", "CPU of a start", at_most(3, " s"), of("start_cpu_seconds", "healthy"), _is_crowd),
    Promise("clients", "disk of deleted clients is back after", at_most(60, " s"), of("deleted", "seconds"), _is_crowd),
    Promise("session_store", f"{_LOAD}, p50", at_most(1, " ms"), value("p50_ms", name=_LOAD)),
    Promise(
        "session_store",
        f"{_LOAD}, of plain sqlite3",
        at_most(3),
        ratio(value("p50_ms", name=_LOAD), value("plain_p50_ms", name=_LOAD)),
    ),
    Promise(
        "session_store",
        "longest wait of a writer beside a cleanup",
        at_most(50, " ms"),
        of("cleanup", "longest_wait_ms"),
    ),
    Promise(
        "index_recall",
        "share of the nearest that are found",
        at_least(0.99),
        lambda report: min(float(row["recall"]) for row in report["rows"]),
    ),
)
