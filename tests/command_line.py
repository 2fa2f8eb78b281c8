"""The command line as a user runs it: a process of its own, with its own settings."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from running_server import ROOT


def environment(**env: str) -> dict[str, str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**clean, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **env}


def run(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder, whose `data` and `chroma_db` it uses unless told otherwise."""
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(**env), capture_output=True, text=True, timeout=120
    )


def succeed(folder: Path, *arguments: str, **env: str) -> str:
    """Run a command that must go well; what it says."""
    result = run(folder, *arguments, **env)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout


def refused(folder: Path, *arguments: str, **env: str) -> str:
    """Run a command that must fail with one line; that line."""
    result = run(folder, *arguments, **env)
    assert result.returncode == 1, f"{result.stdout}\n{result.stderr}"
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if "warning" not in line]
    assert len(lines) == 1, result.stderr
    return lines[0]


def heed_ctrl_c() -> None:
    """For a child before it begins: a shell starts background work deaf to Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "conversational_rag", *arguments]
