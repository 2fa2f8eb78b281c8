"""Thousands of clients on one machine: memory, open files, disk, and what the last client costs next to the first.

    python benchmarks/clients.py [--clients 5000] [--chunks 50] [--plain 200] [--folder FOLDER] [--json]

The clients are stored as an upload stores them, but with random vectors; then a real server is started over them and
asked over HTTP: each client once (cold: its index is read from the disk), some of them again (warm). The yardstick, in
the same run, is a plain use of Chroma with one collection a client, and `/healthz`, which costs nothing but the way.
Memory and files are those of the server and of its Chroma process. At the end some clients are deleted, and the disk
is watched until their share of it is free again. `--folder` keeps what was filled for the next run.
"""

import argparse
import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from running_server import RunningServer  # noqa: E402

from benchmarks import clients_stand  # noqa: E402 a checkout need not be installed
from benchmarks.clients_report import Deleted, Held, Row, row, table  # noqa: E402
from benchmarks.processes import cpu_seconds, disk_bytes, memory_bytes, open_files  # noqa: E402
from benchmarks.streams import stand_in  # noqa: E402
from conversational_rag.observability.logging import configure_logging  # noqa: E402

_ENDS = 100
_WARM_CLIENTS, _WARM_ROUNDS = 40, 10
_DELETED = 100
_PATIENCE_SECONDS = 60.0
_MEGABYTE = 1024 * 1024
_LOG_BYTES = 4 * _MEGABYTE
_SETTINGS: dict[str, Any] = {"ANSWER_CACHE_SIZE": "0", "REQUESTS_PER_MINUTE": "0", "LOG_LEVEL": "WARNING"}


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--chunks", type=int, default=50)
    parser.add_argument("--plain", type=int, default=200, help="clients of the plain use of Chroma")
    parser.add_argument("--folder", type=Path, help="fill this folder, or go on with what is there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("ERROR", "console")
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        report = {"clients": options.clients, "chunks": options.chunks}
        report |= filled(folder, options.clients, options.chunks)
        report |= plain(folder / "plain", options.plain, options.chunks)
        report |= served(folder, options.clients)
    print(json.dumps(report) if options.json else table(report))


def filled(folder: Path, clients: int, chunks: int) -> dict[str, Any]:
    """Creation of the first and the last clients; what was made before is kept, with its times."""
    note = _note(folder)
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = asyncio.run(clients_stand.fill(folder, clients, chunks))
        ends = {"first": slice(_ENDS), "last": slice(-_ENDS, None)}
        rows = [
            replace(row(f"create, {name} {_ENDS}", done.taken[end]), cpu=mean(done.cpu[end]))
            for name, end in ends.items()
        ]
        rows += [row("loop late meanwhile", done.late), row("loop late, idle", done.late_idle)]
        note.write_text(json.dumps({"created": [asdict(each) for each in rows]}))
    return {"created": json.loads(note.read_text())["created"]}


def plain(folder: Path, clients: int, chunks: int) -> dict[str, Any]:
    """The yardstick."""
    told: dict[str, Any] = {}
    folder.mkdir(exist_ok=True)
    for task in ("fill", "ask"):
        command = [sys.executable, str(ROOT / "benchmarks" / "plain_chroma.py"), str(folder / "chroma"), task]
        told |= json.loads(subprocess.check_output([*command, str(clients), str(chunks)]))
    rows = [
        row("plain create, first 20", told["created"][:20]),
        row("plain create, last 20", told["created"][-20:]),
        row("plain cold query", told["cold"]),
        row("plain warm query", told["warm"]),
    ]
    each = {
        "memory_mb": told["grown_bytes"] / clients / _MEGABYTE,
        "open_files": told["open_files"] / clients,
        "disk_mb": disk_bytes(folder) / clients / _MEGABYTE,
    }
    shutil.rmtree(folder)
    return {"plain": [asdict(each) for each in rows], "plain_client": each}


def served(folder: Path, clients: int) -> dict[str, Any]:
    """Everything that needs the server; runs before have deleted some clients."""
    found = json.loads(_note(folder).read_text())
    gone_before = found.get("gone", [])
    tenants = [each.client_id for each in clients_stand.names(clients) if each.client_id not in gone_before]
    with stand_in(words=5, delay=0.0) as url:
        server = RunningServer(folder, GROQ_API_KEY="gsk_bench", GROQ_API_BASE=url, **_SETTINGS)
        try:
            cpu = start(server)
            held = [hold(server, "after the start")]
            rows = asked(server, tenants, held)
            gone, deletions = delete(server, folder, tenants)
        finally:
            server.__exit__()
    _note(folder).write_text(json.dumps({**found, "gone": [*gone_before, *to_delete(tenants)]}))
    told = {"start_cpu_seconds": cpu, "held": [asdict(each) for each in held]}
    told["rows"] = [asdict(each) for each in (*rows, deletions)]
    return {**told, "disk_mb_a_client": gone.share_mb / gone.clients, "deleted": asdict(gone)}


def asked(server: RunningServer, tenants: Sequence[str], held: list[Held]) -> list[Row]:
    """Questions over HTTP, each of other words; what is held after every client was asked joins `held`."""
    language, http = clients_stand.Language(seed=1), server.http

    def search(client_id: str) -> httpx2.Response:
        return http.post("/api/v1/search", json={"client_id": client_id, "query": language.question()})

    def chat(client_id: str) -> httpx2.Response:
        body = {"client_id": client_id, "message": language.question(), "use_memory": False}
        return http.post("/api/v1/chat/", json=body)

    some = list(tenants[-_WARM_CLIENTS:]) * _WARM_ROUNDS
    rows = [timed("/healthz", server, lambda _: http.get("/healthz"), range(_WARM_CLIENTS * _WARM_ROUNDS))]
    rows.append(timed("search, cold", server, search, tenants))
    held.append(hold(server, "all clients asked"))
    return [
        *rows,
        timed("search, warm", server, search, some),
        timed("chat, warm", server, chat, some),
        timed("/readyz", server, lambda _: http.get("/readyz"), range(100)),
        timed("list of collections", server, lambda _: http.get("/api/v1/chat/collections"), range(10)),
    ]


def start(server: RunningServer) -> dict[str, float]:
    """Start it; the CPU until /health answers, and until everything is ready."""
    server.start(wait=False)
    while True:
        with contextlib.suppress(httpx2.TransportError):
            if server.http.get("/health").status_code == httpx2.codes.OK:
                break
        time.sleep(0.02)
    healthy = cpu_seconds(server.pid)
    server.wait_until_ready()
    return {"healthy": healthy, "ready": cpu_seconds(server.pid)}


def hold(server: RunningServer, when: str) -> Held:
    """What both processes hold now."""
    chroma = server.chroma_pid()
    files = open_files(server.pid) + open_files(chroma)
    return Held(when, memory_bytes(server.pid) / _MEGABYTE, memory_bytes(chroma) / _MEGABYTE, files)


def to_delete(tenants: Sequence[str]) -> Sequence[str]:
    """Some from everywhere among them."""
    return tenants[:: max(1, len(tenants) // _DELETED)][:_DELETED]


def _note(folder: Path) -> Path:
    return folder / "filled.json"


def delete(server: RunningServer, folder: Path, tenants: Sequence[str]) -> tuple[Deleted, Row]:
    """Delete some clients, and wait for nine tenths of their share of the disk, Chroma's log left out: it has its 4 MB
    whatever was deleted."""

    def disk() -> int:
        return disk_bytes(folder / "data", folder / "chroma_db", processes=(server.pid, server.chroma_pid()))

    before, some = disk(), to_delete(tenants)
    share = before * len(some) / len(tenants)
    address = "/api/v1/chat/collections/"
    deletions = timed("delete a client", server, lambda each: server.http.delete(address + each), some)
    ended = time.monotonic()
    while (freed := before - disk()) < 0.9 * share - _LOG_BYTES and time.monotonic() - ended < _PATIENCE_SECONDS:
        time.sleep(0.5)
    return Deleted(len(some), share / _MEGABYTE, freed / _MEGABYTE, time.monotonic() - ended), deletions


def timed(name: str, server: RunningServer, call: Callable[[Any], httpx2.Response], what: Sequence[Any]) -> Row:
    """A request for each of these, one after the other; all must succeed."""
    taken, before = list[float](), cpu_seconds(server.pid)
    for each in what:
        started = time.perf_counter()
        response = call(each)
        taken.append((time.perf_counter() - started) * 1e3)
        assert response.status_code == httpx2.codes.OK, response.text
    return replace(row(name, taken), cpu=(cpu_seconds(server.pid) - before) / len(what) * 1e3)


if __name__ == "__main__":
    main()
