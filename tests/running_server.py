"""A real server process, as a user starts it, that can be stopped, killed and started again."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
_FIRST_PORT, _PORTS_OF_A_LANE, _LANES = 12_000, 2_500, 8


def _own_ports() -> Iterator[int]:
    """Ports of this process of the tests alone, below those that the system gives out by itself: a server binds its own
    a second after it was chosen, and another test's server that had taken it meanwhile would answer in its place."""
    lane = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _LANES
    first = _FIRST_PORT + lane * _PORTS_OF_A_LANE
    ports = range(first, first + _PORTS_OF_A_LANE)
    begin = random.Random().randrange(_PORTS_OF_A_LANE)  # somebody may run the tests twice at once
    return cycle([*ports[begin:], *ports[:begin]])


def free_port() -> int:
    """A port that nobody listens on, and that no other test is given."""
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there are always ports")


_ports = _own_ports()


class RunningServer:
    """`python -m conversational_rag` over its own data folder; `env` are its settings."""

    def __init__(self, folder: Path, open_files: int | None = None, **env: str) -> None:
        """`open_files`: what `ulimit -n` says to the server."""
        self.folder, self._open_files = folder, open_files
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self._env = {
            **clean,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "default",
            "PORT": str(self.port),
            "DATA_DIR": str(folder / "data"),
            "VECTOR_STORE_PATH": str(folder / "chroma_db"),
            "LOG_FORMAT": "json",
            **env,
        }
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx2.Client(base_url=self.url, timeout=120)

    def start(self, wait: bool = True) -> "RunningServer":
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "conversational_rag"]
            if self._open_files is not None:
                command = ["sh", "-c", f'ulimit -n {self._open_files} && exec "$0" "$@"', *command]
            self._process = subprocess.Popen(command, cwd=self.folder, env=self._env, stdout=log, stderr=log)
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                raise AssertionError(f"the server ended with {self._process.returncode}:\n{self.log.read_text()}")
            try:
                if self.http.get("/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the server was not ready in time:\n{self.log.read_text()}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Ask it to end, and see that it does so in good order (uvicorn ends by the signal it was sent)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(40) in (0, -signal.SIGTERM)
        assert "Application shutdown complete." in self.log.read_text()

    def kill(self) -> None:
        """kill -9, no farewell."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def chroma_pid(self) -> int:
        """The process id of its Chroma child."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                command = (process / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.pid and b"vectorstores.chroma_process" in command:
                return int(process.name)
        raise AssertionError(f"no Chroma process below {self.pid}")

    def __enter__(self) -> "RunningServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.http.close()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(40)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def upload(self, *files: tuple[str, bytes], **form: str) -> httpx2.Response:
        return self.http.post("/api/v1/ingest/", files=[("files", file) for file in files], data=form)

    def new_client(self, *files: tuple[str, bytes], **form: str) -> str:
        response = self.upload(*files, **form)
        assert response.status_code == 200, response.text
        client_id: str = response.json()["client_id"]
        return client_id

    def ask(self, client_id: str, message: str, **more: Any) -> dict[str, Any]:
        response = self.http.post("/api/v1/chat/", json={"client_id": client_id, "message": message, **more})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer
