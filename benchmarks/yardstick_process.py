"""The yardstick as a process: benchmarks/yardstick.py under a Python that has what it needs.

`YARDSTICK_PYTHON` names that Python (without it the one that runs the benchmark is tried), `YARDSTICK_MODEL` a folder
for its model, which is made there unless it is there already (without it in a temporary folder, each time).
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from running_server import START_SECONDS, RunningServer

ROOT = Path(__file__).resolve().parents[1]
_NEEDED = ("torch", "sentence_transformers", "langchain_chroma", "langchain_groq", "fastapi", "pypdf")
_MISSING = f"import sys, importlib.util as u; sys.exit(', '.join(m for m in {_NEEDED} if not u.find_spec(m)) or 0)"


class NoYardstick(Exception):
    """What is missing for it."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What it takes to start one."""

    python: str
    model: Path

    def server(self, folder: Path, provider: str) -> "RunningYardstick":
        """One over its own data folder, not started; `provider` is the address of the model's stand-in."""
        return RunningYardstick(self, folder, provider)


class RunningYardstick(RunningServer):
    """Started, asked and stopped as the product's server."""

    def __init__(self, yardstick: Yardstick, folder: Path, provider: str) -> None:
        super().__init__(folder)
        script = str(ROOT / "benchmarks" / "yardstick.py")
        places = ["--folder", str(folder), "--model", str(yardstick.model)]
        self._command = [yardstick.python, script, "--port", str(self.port), *places]
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self._environment = {**kept, "GROQ_API_KEY": "gsk_bench", "GROQ_API_BASE": provider}

    def start(self, wait: bool = True) -> "RunningYardstick":
        """Start it; it listens when its model is loaded."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """It has one word for alive and ready."""
        wait_until_answered(self, "/health")


def wait_until_answered(server: RunningServer, path: str) -> None:
    """Until the path is answered with 200; looks a hundred times a second."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if server.http.get(path).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.01)
    raise AssertionError(f"{path} was not answered in time:\n{server.log.read_text()}")


@contextmanager
def yardstick() -> Iterator[Yardstick | None]:
    """The yardstick, or None and a loud word about it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            python, model = _python(), Path(os.environ.get("YARDSTICK_MODEL") or Path(folder) / "model")
            found = Yardstick(python, _model(python, model))
        except NoYardstick as missing:
            print(f"NO YARDSTICK, its column stays empty: {missing}", file=sys.stderr, flush=True)
            found = None
        yield found


def _python() -> str:
    python = os.environ.get("YARDSTICK_PYTHON") or sys.executable
    try:
        checked = subprocess.run([python, "-c", _MISSING], capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoYardstick(f"{python} cannot be run; set YARDSTICK_PYTHON") from error
    if checked.returncode:
        lacking = checked.stderr.strip()
        raise NoYardstick(f"{python} lacks {lacking}; set YARDSTICK_PYTHON to one with requirements-yardstick.txt")
    return python


def _model(python: str, folder: Path) -> Path:
    if not (folder / "modules.json").exists():
        script = str(ROOT / "benchmarks" / "yardstick_model.py")
        made = subprocess.run([python, script, str(folder)], capture_output=True, text=True, check=False)
        if made.returncode:
            raise NoYardstick(f"its model could not be made: {made.stderr[-500:]}")
    return folder
