"""The commands that work on a stopped instance's stores: reindex, compact."""

from typing import Annotated

import typer
from rich.progress import track

from conversational_rag import config
from conversational_rag.cli.instance import held, opened
from conversational_rag.cli.terminal import cli, megabytes, out, run
from conversational_rag.config import Settings
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.compaction import compact_stores
from conversational_rag.services.reindexing import Reindexing


@cli.command()
def reindex(
    client: Annotated[str | None, typer.Option(help="Only this client.")] = None,
) -> None:
    """Embed all stored text anew with EMBEDDING_MODEL and rebuild the vector index; the server must be stopped."""
    run(_reindex(config.load(), client))


@cli.command()
def compact() -> None:
    """Give the disk back what deleted documents took; the server must be stopped."""
    run(_compact(config.load()))


async def _reindex(settings: Settings, client: str | None) -> int:
    async with opened(settings) as resources:
        reindexing = Reindexing(resources.database, resources.index, resources.pool)
        await reindexing.prepare()
        tenants = [Tenant(client)] if client else await reindexing.list_clients()
        for tenant in track(tenants, "Embedding", console=out):
            chunks = await reindexing.reindex(tenant)
            out.print(f"{tenant.client_id}: {chunks} chunks")
        await resources.audit.note_command("reindex", client)
    return 0


async def _compact(settings: Settings) -> int:
    async with held(settings) as resources:
        await resources.database.migrate()
        for space in await compact_stores(resources.database, resources.store):
            out.print(f"{space.store:14} {megabytes(space.before)} -> {megabytes(space.after)}")
        await resources.audit.note_command("compact")
    return 0
