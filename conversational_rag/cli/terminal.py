"""The terminal: the program that commands register with, where they print, and how their work is run."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import typer
from rich.console import Console

from conversational_rag.cli.serving import serve
from conversational_rag.errors import ServiceError, StartError
from conversational_rag.observability.logging import configure_logging

cli = typer.Typer(help="A multi-tenant conversational RAG service.", no_args_is_help=False, add_completion=False)
out = Console(highlight=False, soft_wrap=True, markup=False)
cli.command()(serve)


@cli.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Without a command: serve."""
    if context.invoked_subcommand is None:
        serve()


def run(work: Coroutine[Any, Any, int]) -> None:
    """Do the work of a command and leave with its exit code; what went wrong is told in one line."""
    configure_logging("WARNING", "console")
    try:
        code = asyncio.run(work)
    except StartError:
        raise
    except ServiceError as error:
        sys.exit(error.detail)
    raise typer.Exit(code)


def megabytes(size: int) -> str:
    """A size in bytes, as people read it."""
    return f"{size / 1024**2:.1f} MB"
