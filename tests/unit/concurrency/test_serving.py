"""The child's side: it ends with its parent and by nobody else."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.concurrency.child import ChildProcess

_PARENT = """
import asyncio
from conversational_rag.concurrency.child import ChildProcess

async def main():
    child = ChildProcess("sample_child")
    print((await child.call("pid")).header["result"], flush=True)
    await child.call("wait_for", {"path": PATH, "mark": PATH + ".mark"})

asyncio.run(main())
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_the_whole_process_group_leaves_the_child_to_its_parent(
    child: ChildProcess, number: signal.Signals
) -> None:
    first = (await child.call("pid")).header["result"]
    os.kill(first, number)
    assert (await child.call("pid")).header["result"] == first


async def test_a_child_whose_parent_was_killed_finishes_its_call_and_ends(tmp_path: Path, until: Callable) -> None:
    go = tmp_path / "go"
    script = _PARENT.replace("PATH", repr(str(go)))
    pipe = asyncio.subprocess.PIPE
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=pipe, stderr=pipe)
    assert parent.stdout is not None
    orphan = int(await parent.stdout.readline())
    await until(Path(f"{go}.mark").exists)
    parent.kill()
    await until(lambda: parent.returncode is not None)
    assert _alive(orphan)
    go.touch()
    await until(lambda: not _alive(orphan))
    assert await parent.communicate() == (b"", b"")
