"""What is freed goes back to the operating system."""

import subprocess
import sys

import pytest

_FREED = """
from pathlib import Path
from conversational_rag.concurrency.memory import give_back
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
blocks = [b"x" * 100_000 for _ in range(500)]
del blocks[:-1]
held = resident()
give_back()
print(held - resident())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc and glibc are Linux'")
def test_what_a_server_has_freed_goes_back() -> None:
    # Without the environment: a threshold that somebody has set would free the blocks at once.
    freed = subprocess.run([sys.executable, "-c", _FREED], capture_output=True, text=True, check=True).stdout
    assert int(freed) > 30_000_000
