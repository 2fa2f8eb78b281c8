"""Every hostile file gets its verdict and costs no more than its limits; the server goes on as if nothing had been."""

import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from files.hostile import Hostile, corpus
from files.makers import make_zip
from running_server import RunningServer

MEMORY_MB = 768
LIMITS = {"PARSING_SECONDS": "10", "PARSING_MEMORY_MB": str(MEMORY_MB), "MAX_CHUNKS": "1000", "MAX_PARTS": "1000"}


@pytest.fixture
def nobody() -> Iterator[socket.socket]:
    """An address that listens, and that nobody must call."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("server"), **LIMITS) as server:
        yield server


def test_every_hostile_file_gets_its_verdict_and_harms_nobody(server: RunningServer, nobody: socket.socket) -> None:
    batches, pid = corpus(f"http://127.0.0.1:{nobody.getsockname()[1]}/"), server.pid
    with watched(server) as seen, ThreadPoolExecutor(2) as callers:
        answers = list(callers.map(lambda number: upload(server, batches[number], number), range(len(batches))))
    wrong = [fault for batch, answer in zip(batches, answers, strict=True) for fault in faults(batch, answer)]
    assert not wrong, "\n".join(wrong)
    for number, answer in enumerate(answers):
        sources = server.ask(answer["client_id"], f"What is the word of batch {number}?")["sources"]
        assert f"zeta{number}" in " ".join(source["content"] for source in sources)
        texts = [content(server, answer["client_id"], each["document_id"]) for each in answer["documents"]]
        assert not any("root:" in text for text in texts), "a file of the server was read"
    with pytest.raises(BlockingIOError):
        nobody.accept()
    assert all(path.name.startswith("doc_") for path in (server.folder / "data" / "uploads").iterdir())
    assert (server.pid, server.http.get("/health").status_code) == (pid, 200)
    assert "Traceback" not in server.log.read_text()
    assert seen["health"] == {200}
    assert seen["parsers"]
    assert max(seen["resident_mb"]) <= MEMORY_MB
    assert seen["address_space"] == {MEMORY_MB * 2**20}


@pytest.mark.parametrize(
    ("filename", "data", "status", "code"),
    [
        ("bomb.docx", make_zip({"word/document.xml": b" " * 40_000_000}), 422, "parsing_limit"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100), 415, "unsupported_file"),
        ("large.txt", b"word " * (6 * 2**20), 413, "file_too_large"),
        ("..", b"text", 422, "bad_input"),
    ],
)
def test_a_hostile_file_alone_is_an_error_of_its_kind(
    server: RunningServer, filename: str, data: bytes, status: int, code: str
) -> None:
    response = post(server, [(filename, data)])
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert [document["code"] for document in problem["documents"]] == [code]


def upload(server: RunningServer, batch: Sequence[Hostile], number: int) -> dict[str, Any]:
    """The batch in one request, a good file in its middle."""
    files = [(file.filename, file.make()) for file in batch]
    files.insert(len(files) // 2, ("good.txt", f"The word of batch {number} is zeta{number}.".encode()))
    response = post(server, files)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    good = answer["documents"].pop(len(batch) // 2)
    assert (good["filename"], good["status"]) == ("good.txt", "ready")
    return answer


def post(server: RunningServer, files: Sequence[tuple[str, bytes]]) -> httpx2.Response:
    """Names go as they are: clients would make them harmless."""
    body = b"".join(
        b'--upload\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'
        % (name.replace("\\", r"\\").replace('"', r"\"").encode(), data)
        for name, data in files
    )
    return server.http.post(
        "/api/v1/ingest/",
        content=body + b"--upload--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=upload"},
    )


def faults(batch: Sequence[Hostile], answer: dict[str, Any]) -> Iterator[str]:
    """What came out otherwise than it should."""
    for file, got in zip(batch, answer["documents"], strict=True):
        if (got["status"], got["code"]) != (file.status, file.code) or file.says not in (got["error"] or ""):
            yield f"{file.about} ({file.filename!r}): {got['status']}, {got['code']}, {got['error']}"


def content(server: RunningServer, client_id: str, document_id: str | None) -> str:
    """The document's text as it was extracted."""
    return server.http.get(f"/api/v1/documents/{document_id}/content", params={"client_id": client_id}).text


@contextmanager
def watched(server: RunningServer) -> Iterator[dict[str, set[Any]]]:
    """Meanwhile: the answers of /health, the processes that read files, their memory and their bounds."""
    seen: dict[str, set[Any]] = {"health": set(), "parsers": set(), "resident_mb": set(), "address_space": set()}
    done = threading.Event()

    def watch() -> None:
        with httpx2.Client(base_url=server.url, timeout=60) as http:
            while not done.wait(0.05):
                seen["health"].add(http.get("/health").status_code)
                for pid in parsers(server.pid):
                    look(pid, seen)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        done.set()
        watching.join()


def parsers(server_pid: int) -> Iterator[int]:
    """The processes that read files for the server."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == server_pid and b"parser_process" in command:
            yield int(process.name)


def look(pid: int, seen: dict[str, set[Any]]) -> None:
    """The highest resident memory of the process, and what it may have once it is ready."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        limits = Path(f"/proc/{pid}/limits").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return
    seen["parsers"].add(pid)
    values = dict(line.split(":", 1) for line in status.splitlines())
    if "VmHWM" in values:
        seen["resident_mb"].add(int(values["VmHWM"].split()[0]) // 1024)
    bound = next(line for line in limits.splitlines() if line.startswith("Max address space")).split()[3]
    if bound != "unlimited":  # it has only just begun
        seen["address_space"].add(int(bound))
