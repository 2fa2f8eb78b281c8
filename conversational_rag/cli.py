"""The command line: serve (the default), ingest, reindex, check."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from conversational_rag import config
from conversational_rag.config import Settings
from conversational_rag.errors import ServiceError, StartError

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
    import uvicorn

    from conversational_rag.application import load_app

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
    """Upload files and folders without a server running."""
    if chunk_overlap >= chunk_size:
        raise typer.BadParameter("--chunk-overlap must be smaller than --chunk-size")
    failed = _run(_ingest(config.load(), paths, client, chunk_size, chunk_overlap))
    raise typer.Exit(1 if failed else 0)


@cli.command()
def reindex(
    client: Annotated[str | None, typer.Option(help="Only this client.")] = None,
) -> None:
    """Embed all stored text anew with EMBEDDING_MODEL and rebuild the vector index; the server must be stopped."""
    _run(_reindex(config.load(), client))


@cli.command()
def check() -> None:
    """Say what is configured, what can be reached, and what is missing."""
    raise typer.Exit(_run(_check(config.load())))


def _run(work: Coroutine[Any, Any, int]) -> int:
    from conversational_rag.observability.logging import configure_logging

    configure_logging("WARNING", "console")
    try:
        return asyncio.run(work)
    except StartError:
        raise
    except ServiceError as error:
        sys.exit(error.detail)


async def _ingest(settings: Settings, paths: list[Path], client: str | None, size: int, overlap: int) -> int:
    from conversational_rag.resources import opened
    from conversational_rag.security.tenants import Tenant, is_well_formed, new_client_id
    from conversational_rag.services.documents import Splitting

    if client is not None and not is_well_formed(client):
        raise typer.BadParameter("--client takes 3 to 64 letters, digits, _ or -")
    tenant, failed = Tenant(client or new_client_id()), 0
    async with opened(settings) as resources:
        for path in track(_files(paths), "Reading", console=_out):
            with path.open("rb") as stream:
                upload = await resources.uploads.receive(path.name, stream)
            try:
                outcome = (await resources.documents.ingest(tenant, [upload], Splitting(size, overlap))).outcomes[0]
                _out.print(f"{outcome.status:>9}  {path}  ({outcome.chunks} chunks)")
            except ServiceError as error:
                failed += 1
                _out.print(f"   failed  {path}: {error.detail}")
            finally:
                await resources.uploads.discard(upload)
    _out.print(f"client_id: {tenant.client_id}")
    return failed


async def _reindex(settings: Settings, client: str | None) -> int:
    from conversational_rag.resources import opened
    from conversational_rag.security.tenants import Tenant
    from conversational_rag.services.reindexing import Reindexing

    async with opened(settings, upkeep=False) as resources:
        reindexing = Reindexing(resources.database, resources.index, resources.pool)
        await reindexing.prepare()
        tenants = [Tenant(client)] if client else await reindexing.list_clients()
        for tenant in track(tenants, "Embedding", console=_out):
            chunks = await reindexing.reindex(tenant)
            _out.print(f"{tenant.client_id}: {chunks} chunks")
    return 0


async def _check(settings: Settings) -> int:
    from conversational_rag.resources import opened

    async with opened(settings, upkeep=False) as resources:
        await resources.warmed_up()
        states = await resources.states()
    _out.print(f"model            {', '.join(settings.models)} at {settings.groq_api_base}")
    _out.print(f"database         {settings.session_db_path}")
    _out.print(f"vector store     {settings.vector_store_path}")
    for name, state in states.items():
        _out.print(f"{name:16} {state.status}{f': {state.detail}' if state.detail else ''}")
    return int(any(state.needed and state.status == "down" for state in states.values()))


def _files(paths: list[Path]) -> list[Path]:
    """The files themselves, and those below folders; hidden ones are left out."""
    found = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return [file for file in found if file.is_file() and not file.name.startswith(".")]
