"""What a running server has loaded, from its start to its first answers: nothing that nobody asked for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment
from groq_stand_in import GroqStandIn
from running_server import RunningServer

# None of these has anything to do in a server, or not before somebody asks for it (docs/decisions/0014).
NEVER = {
    "alembic",
    "httpcore2",
    "httpx2",
    "langchain_core.prompts",
    "langsmith",
    "lxml",
    "pygments.lexer",  # a package itself is written down also where somebody looks for it in vain
    "pypdf",
    "requests",
    "rich.segment",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.orm",
    "torch",
    "typer",
    "watchfiles.main",
    "yaml",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """All modules that a server's second start, an answer and a stream have loaded, by their full names."""
    folder = tmp_path_factory.mktemp("server")
    with RunningServer(folder) as first:
        client = first.new_client(("crane.txt", b"The crane lifts twelve tonnes."))
    first.log.unlink()
    with GroqStandIn() as groq:
        # Each module is written down as it is loaded, by the interpreter itself; Chroma's process writes there too.
        settings = {"GROQ_API_KEY": "gsk_test", "GROQ_API_BASE": groq.url, "PYTHONPROFILEIMPORTTIME": "1"}
        with RunningServer(folder, **settings) as server:
            assert "degraded" not in server.ask(client, "What does the crane lift?")["model"]
            ask = {"client_id": client, "message": "And how much is that?"}
            assert "event: end" in server.http.post("/api/v1/chat/stream", json=ask).text
    return set(re.findall(r"^import time:.*\| +(\S+)$", server.log.read_text(), re.MULTILINE))


def test_a_server_loads_what_it_needs(loaded: set[str]) -> None:
    assert {"fastapi", "onnxruntime", "langchain_core", "chromadb_rust_bindings"} <= loaded


@pytest.mark.parametrize("package", sorted(NEVER))
def test_a_server_that_answers_has_not_loaded(package: str, loaded: set[str]) -> None:
    assert [name for name in loaded if name == package or name.startswith(f"{package}.")] == []


def test_chromas_process_loads_neither_numpy_nor_an_event_loop() -> None:
    asked = "import conversational_rag.vectorstores.chroma_process, chromadb_rust_bindings, sys; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "asyncio", "subprocess", "structlog"} & set(names)


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--wrong"], ["backup"]])
def test_a_command_that_opens_no_instance_does_not_load_one(tmp_path: Path, arguments: list[str]) -> None:
    program = f"""
import atexit, sys
from conversational_rag.cli import main
sys.argv = ["conversational_rag", *{arguments}]
atexit.register(lambda: print("LOADED", *sys.modules))
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )
    names = ended.stdout.partition("LOADED")[2].split()
    assert "conversational_rag.cli.terminal" in names
    assert not {"conversational_rag.resources", "fastapi", "groq", "onnxruntime"} & set(names)
