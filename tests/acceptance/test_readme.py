"""The README's first example is a true transcript: its commands give the answers it prints."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from running_server import ROOT, RunningServer

BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_first_example_gives_the_printed_answers(tmp_path: Path) -> None:
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    (_, upload), (_, uploaded), (_, ask), (_, answered) = blocks[1:5]
    write, curl = upload.strip().splitlines()
    _, text, _, name = shlex.split(write)
    with RunningServer(tmp_path) as server:
        assert without_ids(curl_upload(server, curl, name, f"{text}\n")) == without_ids(json.loads(uploaded))
        assert without_ids(curl_post(server, ask)) == without_ids(json.loads(answered))


def curl_upload(server: RunningServer, command: str, name: str, text: str) -> Any:
    words = shlex.split(command)
    assert f"files=@{name}" in words
    form = dict(word.split("=", 1) for word in words if re.match(r"\w+=[^@]", word))
    return server.upload((name, text.encode()), **form).json()


def curl_post(server: RunningServer, command: str) -> Any:
    words = shlex.split(command)
    path = next(word for word in words if word.startswith("http")).removeprefix("http://127.0.0.1:8000")
    body = words[words.index("-d") + 1]
    return server.http.post(path, content=body, headers={"Content-Type": "application/json"}).json()


def without_ids(answer: Any) -> Any:
    return json.loads(re.sub(r"doc_[0-9a-f]{32}", "doc_…", json.dumps(answer)))
