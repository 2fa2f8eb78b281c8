"""The command that proves, on a real service, that nobody reaches what is another's."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

import typer
from rich.console import Console

from conversational_rag.cli.isolation_report import as_json, parts
from conversational_rag.cli.terminal import cli, run
from conversational_rag.errors import BadInput
from conversational_rag.selftest.instance import throw_away_instance
from conversational_rag.selftest.service import Service
from conversational_rag.selftest.walk import walk

_OWN = "Starting a service of the selftest's own, on a free port and in a temporary folder; both go at the end."
_RUNNING = (
    "Testing {url}: two clients with random names are made, some documents uploaded, some questions asked (they cost "
    "tokens where there is a model), dead keys are shown (this address may be told to wait with further wrong ones), "
    "and at the end both clients are deleted with their keys. The audit keeps its entries. Sessions whose time has run "
    "out are removed, as they are every few minutes."
)
# Wide enough for every column; a terminal cuts, a file does not.
_COLUMNS = 150

selftest = typer.Typer(help="Tests of a whole service.", no_args_is_help=True)
cli.add_typer(selftest, name="selftest")


@selftest.callback()
def group() -> None:
    """Tests of a whole service."""


@selftest.command()
def isolation(
    url: Annotated[str | None, typer.Option(help="A running service; left out, one is started for the test.")] = None,
    key: Annotated[
        str | None,
        typer.Option(envvar="CRAG_KEY", help="An admin key of it; in the variable no list of processes shows it."),
    ] = None,
    print_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of the table.")] = False,
) -> None:
    """Ask every operation with every kind of key, and see that no client reaches what is another's."""
    run(_isolation(url, key, print_json=print_json))


async def _isolation(url: str | None, key: str | None, *, print_json: bool) -> int:
    told = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    async with _tested(url, key, told) as (service, admin_key):
        with told.status("Asking"):
            matrix = await walk(service, admin_key)
    if print_json:
        typer.echo(as_json(matrix, service.url))
    else:
        shown = Console(highlight=False, markup=False)
        shown.width = max(shown.width, _COLUMNS)
        for part in parts(matrix):
            shown.print(part)
    return int(not matrix.is_right)


@asynccontextmanager
async def _tested(url: str | None, key: str | None, told: Console) -> AsyncIterator[tuple[Service, str]]:
    """The service and an admin key of it; before anything is begun it is told."""
    if url is None:
        told.print(_OWN)
        async with throw_away_instance() as instance, aclosing(Service(instance.url, spread=True)) as service:
            yield service, instance.admin_key
        return
    if key is None:
        raise BadInput("An admin key of the service is needed: --key, or the variable CRAG_KEY.")
    async with aclosing(Service(url)) as service:
        told.print(_RUNNING.format(url=service.url))
        yield service, key
