"""Every command is found, and none loads what another one needs."""

import subprocess
import sys

import typer.main

from conversational_rag import cli
from conversational_rag.cli import terminal


def test_every_command_is_known_by_the_file_it_stands_in() -> None:
    cli.load_commands(["--help"])
    group = typer.main.get_command(terminal.cli)
    assert set(getattr(group, "commands", {})) == set(cli.FILES)


def test_making_a_key_loads_neither_the_web_framework_nor_the_models() -> None:
    asked = "from conversational_rag import cli; cli.load_commands(['key']); import sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "conversational_rag.cli.keys" in loaded
    assert not {"fastapi", "langchain_core", "onnxruntime", "groq", "uvicorn"} & set(loaded)
