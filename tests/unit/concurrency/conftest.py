"""A small child process to call, and its parent."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import until

import conversational_rag
from conversational_rag.concurrency.child import ChildProcess

_CHILD = '''
"""Handlers that do what a test needs: answer, fail, die, hang."""

import os
import sys
import time

from conversational_rag.concurrency.serving import serve


def echo(payload, **arguments):
    return arguments, payload[::-1]


def environment(_payload):
    return dict(os.environ), b""


def pid(_payload):
    return os.getpid(), b""


def print_noise(_payload):
    print("noise for standard output", flush=True)
    os.write(1, b"more noise")
    return "quiet", b""


def fail(_payload, message):
    raise ValueError(message)


def die(_payload, code):
    os._exit(code)


def wait_for(_payload, path, mark=None):
    if mark:
        open(mark, "w").close()
    while not os.path.exists(path):
        time.sleep(0.005)
    return "seen", b""


def append(_payload, path, line):
    with open(path, "a") as file:
        file.write(line + "\\n")
    return None, b""


def prepare():
    if "--fail" in sys.argv:
        raise LookupError("nothing to serve")
    if "--die" in sys.argv:
        os._exit(5)
    return {call.__name__: call for call in (echo, environment, pid, print_noise, fail, die, wait_for, append)}


if __name__ == "__main__":
    serve(prepare)
    if "--stay" in sys.argv:
        time.sleep(600)
'''

Until = Callable[[Callable[[], Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def child_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the child's module, which the interpreter of a child process finds."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "sample_child.py").write_text(_CHILD)
    package = Path(conversational_rag.__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(package)]))
    return "sample_child"


@pytest.fixture
async def start(child_module: str) -> AsyncIterator[Callable[..., ChildProcess]]:
    """Makes a ChildProcess; all are stopped at the end."""
    made: list[ChildProcess] = []

    def make(*arguments: str, **options: Any) -> ChildProcess:
        made.append(ChildProcess(child_module, *arguments, **options))
        return made[-1]

    yield make
    for child in made:
        await child.stop()


@pytest.fixture
def child(start: Callable[..., ChildProcess]) -> ChildProcess:
    """A ChildProcess with the usual options."""
    return start()


@pytest.fixture(name="until")
def until_fixture() -> Until:
    """Waits until the condition holds, 20 seconds at the most."""
    return until
