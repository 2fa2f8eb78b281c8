"""What the service promises of its speed, and how a benchmark's report keeps it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Report = Mapping[str, Any]
OURS, USUAL = "this service", "the yardstick"


@dataclass(frozen=True, slots=True)
class Promise:
    """A goal; `figure` takes what is held against it from the report, None when it was not measured."""

    benchmark: str
    text: str
    limit: float
    unit: str
    figure: Callable[[Report], float | None]
    at_least: bool = False
    # Whether the report is of the size that the promise speaks of.
    is_full: Callable[[Report], bool] = lambda _: True

    @property
    def goal(self) -> str:
        """As a reader says it."""
        return f"{'at least' if self.at_least else 'at most'} {self.limit:,g}{self.unit}"

    def verdict(self, report: Report) -> str:
        """In a word or two."""
        figure = self.figure(report)
        if figure is None:
            return "not measured"
        kept = figure >= self.limit if self.at_least else figure <= self.limit
        return f"{'met' if kept else 'NOT MET'}{'' if self.is_full(report) else ', at a smaller size'}"


def row(report: Report, part: str = "rows", **wanted: object) -> Mapping[str, Any] | None:
    """The first row that has these values; a name may be its beginning."""
    for each in report[part]:
        if all(_fits(each[key], value) for key, value in wanted.items()):
            found: Mapping[str, Any] = each
            return found
    return None


def _fits(found: object, wanted: object) -> bool:
    return found == wanted or (isinstance(found, str) and found.startswith(str(wanted)))


def value(key: str, part: str = "rows", **wanted: object) -> Callable[[Report], float | None]:
    """A value of a row."""

    def look(report: Report) -> float | None:
        found = row(report, part, **wanted)
        return None if found is None else float(found[key])

    return look


def ratio(over: Callable[[Report], float | None], under: Callable[[Report], float | None]) -> Callable[[Report], Any]:
    """One value divided by another."""

    def divided(report: Report) -> float | None:
        above, below = over(report), under(report)
        return above / below if above is not None and below else None

    return divided


def _worst_ratio(report: Report) -> float | None:
    return max((each["ratio"] for each in report["rows"] if each["server"] == OURS), default=None)


def _bare_model(report: Report) -> float | None:
    return max((each["chunks_per_s"] for each in report["rows"] if each["name"].startswith("bare")), default=None)


def _cpu_a_word(name: str) -> Callable[[Report], float | None]:
    return lambda report: value("cpu_ms_per_stream", name=name, words=report["words"])(report)


def _held(key: Callable[[Mapping[str, Any]], float]) -> Callable[[Report], float | None]:
    return lambda report: key(report["held"][-1])


def _back_seconds(report: Report) -> float | None:
    """Of nine tenths of the disk; infinite when it was waited for in vain."""
    gone = report["deleted"]
    return gone["seconds"] if gone["freed_mb"] >= 0.85 * gone["share_mb"] else float("inf")


def _of_last(key: str) -> Callable[[Report], float | None]:
    return lambda report: float(report["rows"][-1][key])


def _is_crowded(report: Report) -> bool:
    return bool(report["rows"][-1]["streams"] >= 1000)


def _is_many(report: Report) -> bool:
    return bool(report["clients"] >= 5000 and report["chunks"] >= 50)


def _is_long(report: Report) -> bool:
    return bool(report["pages"] >= 500)


def _clients() -> Iterator[Promise]:
    def promise(text: str, limit: float, unit: str, figure: Callable[[Report], float | None]) -> Promise:
        return Promise("clients", text, limit, unit, figure, is_full=_is_many)

    memory, files = (lambda held: held["server_mb"] + held["chroma_mb"]), (lambda held: held["open_files"])
    last, first = (value("p50", "created", name=f"create, {end}") for end in ("last", "first"))
    yield promise("5,000 clients: resident memory when all have asked", 600, " MB", _held(memory))
    yield promise("5,000 clients: open files when all have asked", 1200, "", _held(files))
    yield promise("5,000 clients: the last one's creation, against the first one's", 2, " times", ratio(last, first))
    yield promise("5,000 clients: cold question, p99", 150, " ms", value("p99", name="search, cold"))
    yield promise("5,000 clients: warm question, p99", 15, " ms", value("p99", name="search, warm"))
    yield promise("5,000 clients: CPU of a start", 3, " s", lambda report: report["start_cpu_seconds"]["healthy"])
    yield promise("a deleted client's disk is back", 60, " s", _back_seconds)


def _promises() -> Iterator[Promise]:
    ours, usual = value("ready_s", name=f"{OURS}, empty"), value("ready_s", name=USUAL)
    yield Promise("cold_start", "CPU of a start", 3, " s", value("health_cpu_s", name=f"{OURS}, empty"))
    yield Promise(
        "cold_start",
        "the yardstick's start until a question can be asked, against ours",
        4,
        " times",
        ratio(usual, ours),
        at_least=True,
    )
    at_rest = [value("share_mb", name=name, when="at rest") for name in (OURS, USUAL)]
    yield Promise("memory", "memory at rest, against the yardstick's", 1 / 3, " times", ratio(*at_rest))
    rates = [value("chunks_per_s", name=name) for name in (OURS, USUAL)]
    yield Promise(
        "ingestion",
        "chunks a second, against the bare model on the same chunks",
        0.85,
        " times",
        ratio(rates[0], _bare_model),
        at_least=True,
    )
    yield Promise("ingestion", "chunks a second, against the yardstick's", 2, " times", ratio(*rates), at_least=True)
    turn, bare = value("p50_ms", name=OURS), value("p50_ms", name="bare sum")
    yield Promise("turn", "a turn at p50, against the bare sum", 1.5, " times", ratio(turn, bare))
    speeds = [value("turns_per_s", "crowds", name=name) for name in (OURS, USUAL)]
    yield Promise(
        "turn", "turns a second of 20 callers, against the yardstick's", 4, " times", ratio(*speeds), at_least=True
    )
    yield Promise("turn", "errors of 20 callers", 0, "", value("errors", "crowds", name=OURS))
    cpu = [_cpu_a_word(name) for name in (OURS, "bare httpx")]
    yield Promise("streams", "CPU of a stream of 50 words, against bare httpx", 2, " times", ratio(*cpu))
    for text, limit, unit, key in (("failed", 0, "", "failed"), ("gap between words, p99", 250, " ms", "gap_p99_ms")):
        yield Promise("streams", f"1,000 streams: {text}", limit, unit, _of_last(key), is_full=_is_crowded)
    yield Promise(
        "ingest_beside_chat",
        "p99 beside an upload of 500 pages, against the idle p99",
        3,
        " times",
        _worst_ratio,
        is_full=_is_long,
    )
    yield from _clients()
    load = value("p50_ms", name="load of the last 20")
    yield Promise("session_store", "load of a session's last 20 messages, p50", 1, " ms", load)
    yield Promise(
        "session_store",
        "the same, against plain sqlite3",
        3,
        " times",
        ratio(load, value("plain_p50_ms", name="load of the last 20")),
    )
    yield Promise(
        "session_store",
        "longest wait of a writer beside a cleanup of half of the sessions",
        50,
        " ms",
        lambda report: float(report["cleanup"]["longest_wait_ms"]),
    )
    yield Promise(
        "index_recall",
        "share of the ten nearest that the index finds",
        0.99,
        "",
        lambda report: min(float(each["recall"]) for each in report["rows"]),
        at_least=True,
    )


PROMISES = tuple(_promises())
