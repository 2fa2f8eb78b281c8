"""What processes take: CPU, memory, open files, and disk with what they hold of deleted files. Linux only."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_TICKS, _PAGE_BYTES, _BLOCK_BYTES = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE"), 512


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process, of its children that live, and of those that ended and were waited for."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = stat.read_text().rpartition(")")[2].split()
            if pid in (int(stat.parent.name), int(fields[1])):
                total += sum(int(field) for field in fields[11:15]) / _TICKS
    return total


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == each]
    return found


def memory_bytes(pid: int) -> int:
    """What is resident."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES


def share_bytes(pid: int) -> int:
    """What is resident, of pages that others have mapped too only its share (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def memory_by_file(pid: int) -> dict[str, int]:
    """The shares (PSS) of what is mapped, by the names of the files, the largest first; `[heap]` and `anonymous` are
    the process's own."""
    found: dict[str, int] = {}
    name = "anonymous"
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            name = Path(rest[4]).name if len(rest) > 4 else "anonymous"
        elif first == "Pss:":
            found[name] = found.get(name, 0) + int(rest[0]) * 1024
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def open_files(pid: int) -> int:
    """How many descriptors are open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def disk_bytes(*folders: Path, processes: Sequence[int] = ()) -> int:
    """What the folders take on the disk, and the files that were deleted while these processes hold them open."""
    files = [Path(root) / name for folder in folders for root, _, names in os.walk(folder) for name in names]
    blocks = 0
    for path in [*files, *(held for pid in processes for held in _deleted(pid))]:
        with contextlib.suppress(FileNotFoundError):
            blocks += path.stat().st_blocks
    return blocks * _BLOCK_BYTES


def _deleted(pid: int) -> Iterator[Path]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            target = str(descriptor.readlink())
            if target.startswith("/") and target.endswith(" (deleted)"):
                yield descriptor
