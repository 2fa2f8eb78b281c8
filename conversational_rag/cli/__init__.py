"""The command line: one file a group of commands, loaded when one of them is asked for."""

import sys
from collections.abc import Mapping
from importlib import import_module

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


def main() -> None:
    """Run the command line; a start that fails says why in one line."""
    try:
        if sys.argv[1:] in ([], ["serve"]):
            _serve()
        else:
            _run_command()
    except StartError as error:
        sys.exit(f"conversational_rag cannot start: {error.detail}")


def load_commands(asked: list[str]) -> None:
    """Load the file of the command that is asked for; all of them for help, and for what is no command."""
    chosen = [FILES[name] for name in asked if name in FILES]
    for name in dict.fromkeys(chosen or FILES.values()):
        import_module(f"{__name__}.{name}")


def _serve() -> None:
    """Without the parser of arguments: a server would keep its 2 MB for as long as it runs."""
    from conversational_rag.cli.serving import serve

    serve()


def _run_command() -> None:
    from conversational_rag import loading
    from conversational_rag.cli.terminal import cli

    with loading.frugally():
        load_commands(sys.argv[1:2])
    cli()
