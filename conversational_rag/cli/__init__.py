"""The command line: one file a group of commands."""

import sys

from conversational_rag.cli import archives, checking, ingesting, serving, upkeep
from conversational_rag.cli.terminal import cli
from conversational_rag.errors import StartError

# Importing them has registered their commands.
GROUPS = (serving, ingesting, checking, upkeep, archives)


def main() -> None:
    """Run the command line; a start that fails says why in one line."""
    try:
        cli()
    except StartError as error:
        sys.exit(f"conversational_rag cannot start: {error.detail}")
