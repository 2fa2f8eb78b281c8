"""The report of the clients benchmark: its figures, and how they are printed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """How long something took, in milliseconds; `cpu` is what the server and its Chroma process spent on one."""

    name: str
    count: int
    p50: float
    p99: float
    cpu: float | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What the server and its Chroma process hold."""

    when: str
    server_mb: float
    chroma_mb: float
    open_files: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """Deleting clients: their share of the disk before, how much of it came back, and after how many seconds."""

    clients: int
    share_mb: float
    freed_mb: float
    seconds: float


def row(name: str, values: Sequence[float]) -> Row:
    """The quantiles."""
    ordered = sorted(values)
    return Row(name, len(ordered), ordered[len(ordered) // 2], ordered[int(0.99 * (len(ordered) - 1))])


def table(report: dict[str, Any]) -> str:
    """The report as text."""
    return "\n".join(lines(report))


def lines(report: dict[str, Any]) -> Iterator[str]:
    """One figure each."""
    yield f"{report['clients']} clients x {report['chunks']} chunks"
    for each in (*report["created"], *report["plain"], *report["rows"]):
        cpu = f"  CPU{each['cpu']:>7.1f} ms" if each["cpu"] else ""
        yield f"  {each['name']:24}{each['count']:>6}  p50{each['p50']:>8.1f} ms  p99{each['p99']:>8.1f} ms{cpu}"
    cpu = report["start_cpu_seconds"]
    yield f"  start: {cpu['healthy']:.2f} s CPU to /health, {cpu['ready']:.2f} s until ready"
    for held in report["held"]:
        both = held["server_mb"] + held["chroma_mb"]
        parts = f"server {held['server_mb']:.0f}, Chroma {held['chroma_mb']:.0f}"
        yield f"  {held['when']}: {both:.0f} MB resident ({parts}), {held['open_files']} open files"
    bare = report["plain_client"]
    yield (
        f"  a plain client: {bare['memory_mb']:.1f} MB resident, {bare['open_files']:.1f} open files, "
        f"{bare['disk_mb']:.2f} MB on disk; one of ours {report['disk_mb_a_client']:.2f} MB with its text and words"
    )
    gone = report["deleted"]
    yield (
        f"  {gone['clients']} clients deleted: {gone['freed_mb']:.1f} of their {gone['share_mb']:.1f} MB of disk are "
        f"back {gone['seconds']:.1f} s after the last"
    )
