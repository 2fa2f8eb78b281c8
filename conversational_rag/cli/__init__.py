"""The command line: one file a group of commands, loaded when one of them is asked for."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer

from conversational_rag.cli.terminal import cli
from conversational_rag.errors import StartError

# Loading all of them takes a second and more.
FILES: Mapping[str, str] = {
    "serve": "serving",
    "ingest": "ingesting",
    "key": "keys",
    "audit": "auditing",
    "check": "checking",
    "evaluate": "evaluating",
    "selftest": "selftest",
    "reindex": "upkeep",
    "compact": "upkeep",
    "backup": "archives",
    "restore": "archives",
    "export": "archives",
    "import": "archives",
}


@cli.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Without a command: serve."""
    if context.invoked_subcommand is None:
        _load("serving").serve()


def main() -> None:
    """Run the command line; a start that fails says why in one line."""
    load_commands(sys.argv[1:2])
    try:
        cli()
    except StartError as error:
        sys.exit(f"conversational_rag cannot start: {error.detail}")


def load_commands(asked: list[str]) -> None:
    """Load the file of the command that is asked for; all of them for help, and for what is no command."""
    chosen = [FILES[name] for name in asked or ["serve"] if name in FILES]
    for name in dict.fromkeys(chosen or FILES.values()):
        _load(name)


def _load(name: str) -> Any:
    return import_module(f"{__name__}.{name}")
