"""The command line: serve (the default), ingest, reindex, check."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.progress import track

from conversational_rag import config
from conversational_rag.application import load_app
from conversational_rag.config import Settings
from conversational_rag.errors import BadInput, DataInUse, ServiceError, StartError
from conversational_rag.observability.logging import configure_logging
from conversational_rag.remote import RunningServer
from conversational_rag.resources import data_locks, opened
from conversational_rag.security.tenants import Tenant, is_well_formed, new_client_id
from conversational_rag.services.intake import Splitting
from conversational_rag.services.reindexing import Reindexing

# Takes a file in, and says what became of it.
Take = Callable[[Path], Awaitable[dict[str, Any]]]

cli = typer.Typer(help="A multi-tenant conversational RAG service.", no_args_is_help=False, add_completion=False)
_out = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; a start that fails says why in one line."""
    try:
        cli()
    except StartError as error:
        sys.exit(f"conversational_rag cannot start: {error.detail}")


@cli.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Without a command: serve."""
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve() -> None:
    """Serve HTTP on HOST and PORT."""
    app, settings = load_app(), config.load()
    # The asyncio loop: uvloop keeps some callers of a large burst waiting for seconds (docs/performance.md).
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
    )


@cli.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", exists=True)],
    client: Annotated[str | None, typer.Option(help="Whose documents these become; left out: a new client.")] = None,
    chunk_size: Annotated[int, typer.Option(min=50, max=8000)] = 1000,
    chunk_overlap: Annotated[int, typer.Option(min=0, max=4000)] = 200,
) -> None:
    """Upload files and folders: through the server when one is running, else straight into its data."""
    if chunk_overlap >= chunk_size:
        raise typer.BadParameter("--chunk-overlap must be smaller than --chunk-size")
    if client is not None and not is_well_formed(client):
        raise typer.BadParameter("--client takes 3 to 64 letters, digits, _ or -")
    raise typer.Exit(
        _run(_ingest(config.load(), paths, client or new_client_id(), Splitting(chunk_size, chunk_overlap)))
    )


@cli.command()
def reindex(
    client: Annotated[str | None, typer.Option(help="Only this client.")] = None,
) -> None:
    """Embed all stored text anew with EMBEDDING_MODEL and rebuild the vector index; the server must be stopped."""
    raise typer.Exit(_run(_reindex(config.load(), client)))


@cli.command()
def check() -> None:
    """Say what is configured, what can be reached, and what is missing."""
    raise typer.Exit(_run(_check(config.load())))


def _run(work: Coroutine[Any, Any, int]) -> int:
    configure_logging("WARNING", "console")
    try:
        return asyncio.run(work)
    except StartError:
        raise
    except ServiceError as error:
        sys.exit(error.detail)


async def _ingest(settings: Settings, paths: list[Path], client_id: str, splitting: Splitting) -> int:
    async with _intake(settings, client_id, splitting) as take:
        outcomes = [await _report(path, take) for path in track(_files(paths), "Reading", console=_out)]
    _out.print(f"client_id: {client_id}")
    return int(not all(outcomes))


async def _report(path: Path, take: Take) -> bool:
    """Take one file and say what became of it; False when it failed."""
    try:
        outcome = await take(path)
    except BadInput as error:
        _out.print(f"   failed  {path}: {error.detail}")
        return False
    _out.print(f"{outcome['status']:>9}  {path}  ({outcome['chunks']} chunks)")
    return True


@asynccontextmanager
async def _intake(settings: Settings, client_id: str, splitting: Splitting) -> AsyncIterator[Take]:
    """How a file is taken in: by the resources themselves, or by the server that has them."""
    if _is_served(settings):
        server = RunningServer(settings)

        async def send(path: Path) -> dict[str, Any]:
            return server.ingest(path, client_id, splitting.chunk_size, splitting.chunk_overlap)

        yield send
        server.close()
        return
    async with opened(settings) as resources:

        async def store(path: Path) -> dict[str, Any]:
            with path.open("rb") as stream:
                upload = await resources.uploads.receive(path.name, stream)
            tenant = Tenant(client_id)
            accepted = await resources.intake.accept(tenant, [upload], splitting)
            await resources.worker.finished(tenant, accepted.job_id)
            return asdict((await resources.upload_jobs.find(tenant, accepted.job_id)).files[0])

        yield store


async def _reindex(settings: Settings, client: str | None) -> int:
    async with opened(settings, upkeep=False) as resources:
        reindexing = Reindexing(resources.database, resources.index, resources.pool)
        await reindexing.prepare()
        tenants = [Tenant(client)] if client else await reindexing.list_clients()
        for tenant in track(tenants, "Embedding", console=_out):
            chunks = await reindexing.reindex(tenant)
            _out.print(f"{tenant.client_id}: {chunks} chunks")
    return 0


async def _check(settings: Settings) -> int:
    _out.print(f"models           {', '.join(settings.models)} at {settings.groq_api_base}")
    _out.print(f"database         {settings.session_db_path}")
    _out.print(f"vector index     {settings.vector_store_path}")
    states = await _states(settings)
    for name, state in states.items():
        _out.print(f"{name:16} {state['status']}{': ' + state['detail'] if state['detail'] else ''}")
    return int(any(state["needed"] and state["status"] == "down" for state in states.values()))


async def _states(settings: Settings) -> dict[str, dict[str, Any]]:
    if _is_served(settings):
        server = RunningServer(settings)
        _out.print(f"server           running at {settings.host}:{settings.port}")
        states: dict[str, dict[str, Any]] = server.readiness()["dependencies"]
        server.close()
        return states
    async with opened(settings, upkeep=False) as resources:
        await resources.warmed_up()
        return {name: asdict(state) for name, state in (await resources.states()).items()}


def _is_served(settings: Settings) -> bool:
    try:
        data_locks(settings).probe()
    except DataInUse:
        return True
    return False


def _files(paths: list[Path]) -> list[Path]:
    """The files themselves, and those below folders; hidden ones are left out."""
    found = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return [file for file in found if file.is_file() and not file.name.startswith(".")]
