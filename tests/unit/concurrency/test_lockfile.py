"""One process owns the data."""

import fcntl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conversational_rag.concurrency.lockfile import LockFiles
from conversational_rag.errors import DataInUse

HOLD = """
import sys
from contextlib import ExitStack
from pathlib import Path
from conversational_rag.concurrency.lockfile import LockFiles
LockFiles(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / ".lock"
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataInUse, match=f"pid {holder.pid}"):
            LockFiles(lock).acquire()
        holder.kill()
    LockFiles(lock).probe()


def test_several_locks_are_taken_together_or_not_at_all(tmp_path: Path) -> None:
    first, second = tmp_path / "a.lock", tmp_path / "b.lock"
    taken = LockFiles(second)
    taken.acquire()
    with pytest.raises(DataInUse):
        LockFiles(first, second).acquire()
    LockFiles(first).probe()
    taken.release()
    LockFiles(first, second, first).probe()


def test_whoever_looks_stands_in_nobodys_way(tmp_path: Path) -> None:
    """He holds the lock for a moment: others may look meanwhile, and a server that starts waits for it."""
    path = tmp_path / ".lock"
    with path.open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        LockFiles(path).probe()
        with ThreadPoolExecutor() as threads:
            started = threads.submit(LockFiles(path).acquire)
            with pytest.raises(TimeoutError):
                started.result(0.1)
            fcntl.flock(looking, fcntl.LOCK_UN)
            started.result()
