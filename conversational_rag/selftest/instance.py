"""A service of the selftest's own: a process with temporary folders on a free port of this machine, and then gone."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from conversational_rag.errors import ServiceError

_START_SECONDS = 120.0
_STOP_SECONDS = 40.0
_LOOK_SECONDS = 0.05
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Instance:
    """A service that runs."""

    url: str
    admin_key: str = field(repr=False)


@asynccontextmanager
async def throw_away_instance() -> AsyncIterator[Instance]:
    """Start one that asks for keys and has no model; stop it and delete its folder. Raises ServiceError."""
    with tempfile.TemporaryDirectory(prefix="crag-selftest-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), _free_port()
        log = folder / "log"
        with log.open("wb") as sink:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "conversational_rag", cwd=folder, env=_environment(port), stdout=sink, stderr=sink
            )
        try:
            url = f"http://127.0.0.1:{port}"
            await _until_ready(url, process, log)
            yield Instance(url, _first_key(log))
        finally:
            await _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(port: int) -> dict[str, str]:
    """Nothing of the settings around it, no key of a model, no other folder; and no limits to how much is asked."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "AUTH_MODE": "keys",
        "REQUESTS_PER_MINUTE": "0",
        "UPLOADS_PER_HOUR": "0",
        "URL_INGESTION": "true",
        "LOG_LEVEL": "WARNING",
        "DATA_DIR": "data",
        "VECTOR_STORE_PATH": "chroma_db",
    }


async def _until_ready(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(_START_SECONDS), httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            while not await _is_ready(http):
                if process.returncode is not None:
                    raise ServiceError(f"The selftest's own service did not start: {_last_line(log)}")
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise ServiceError(f"The selftest's own service was not ready in {_START_SECONDS:.0f} seconds.") from None


async def _is_ready(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def _first_key(log: Path) -> str:
    """It was printed once, on a line of its own."""
    return next(line for line in log.read_text().splitlines() if line.startswith("crag_"))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
