"""The commands that write archives and read them: backup, restore, export, import."""

import time
from pathlib import Path
from typing import Annotated

import typer

from conversational_rag import config
from conversational_rag.cli.instance import held, opened
from conversational_rag.cli.terminal import cli, megabytes, out, run
from conversational_rag.config import Settings
from conversational_rag.db.engine import Database
from conversational_rag.errors import BadInput, IndexUnavailable
from conversational_rag.security.tenants import Tenant, is_well_formed
from conversational_rag.services import backup as backups
from conversational_rag.services import client_export, client_import, restoring
from conversational_rag.services.restoring import Places

_Target = Annotated[Path, typer.Argument(help="The archive to write, a .tar.gz.")]
_Source = Annotated[Path, typer.Argument(help="The archive to read.", exists=True, dir_okay=False)]


@cli.command()
def backup(file: _Target) -> None:
    """Save everything of a running or stopped instance into one archive (all clients' texts; no settings)."""
    run(_backup(config.load(), file))


@cli.command()
def restore(
    file: _Source,
    replace: Annotated[bool, typer.Option("--replace", help="There is data: keep it aside.")] = False,
) -> None:
    """Make a backup the data of this instance, which must be stopped."""
    run(_restore(config.load(), file, replace=replace))


@cli.command("export")
def export_client(file: _Target, client: Annotated[str, typer.Option(help="Whose everything is written.")]) -> None:
    """Write everything of one client of a running or stopped instance into one archive."""
    run(_export(config.load(), file, _tenant(client)))


@cli.command("import")
def import_client(
    file: _Source,
    client: Annotated[str | None, typer.Option(help="Its name here; left out: the one it had.")] = None,
) -> None:
    """Take in a client that another instance has exported; the server must be stopped."""
    run(_import(config.load(), file, _tenant(client) if client is not None else None))


def _tenant(client: str) -> Tenant:
    if not is_well_formed(client):
        raise typer.BadParameter("--client takes 3 to 64 letters, digits, _ or -")
    return Tenant(client)


def _uploads(settings: Settings) -> Path:
    return settings.data_dir / "uploads"


async def _backup(settings: Settings, file: Path) -> int:
    saved = await backups.save(settings.session_db_path, _uploads(settings), file, time.time())
    rows = ", ".join(f"{count} {name}" for name, count in saved.counts.items())
    out.print(f"{file}: {megabytes(saved.bytes)}, {rows}, {saved.files} files")
    return 0


async def _restore(settings: Settings, file: Path, *, replace: bool) -> int:
    places = Places(settings.session_db_path, _uploads(settings))
    stamp = time.strftime("%Y%m%d-%H%M%S")
    async with held(settings) as resources:
        restored = await restoring.restore(file, places, resources.store, replace=replace, stamp=stamp)
        await resources.audit.note_command("restore")
    for folder in restored.aside:
        out.print(f"the former data is in {folder}")
    out.print(f"{restored.clients} clients, {restored.documents} documents, {restored.files} files restored")
    out.print("The vector index is made anew when the server starts; until then questions are answered all the same.")
    return 0


async def _export(settings: Settings, file: Path, tenant: Tenant) -> int:
    if not settings.session_db_path.exists():
        raise BadInput(f"There is no database at {settings.session_db_path} (DATA_DIR, SESSION_DB_PATH).")
    database = Database(settings.session_db_path)
    try:
        exported = await client_export.export(database, _uploads(settings), tenant, file, time.time())
    finally:
        await database.close()
    rows = ", ".join(f"{count} {name}" for name, count in exported.counts.items())
    out.print(f"{file}: {megabytes(exported.bytes)}, {rows}, {exported.files} files")
    if exported.unfinished:
        out.print(f"{exported.unfinished} documents are still being taken in and are not in it")
    return 0


async def _import(settings: Settings, file: Path, wanted: Tenant | None) -> int:
    async with opened(settings) as resources:
        r = resources
        came = await client_import.import_client(file, r.database, r.pool, _uploads(settings), wanted, time.time())
        await r.audit.note_command("import", came.tenant.client_id)
        try:
            await r.index.rebuild(came.tenant)
        except IndexUnavailable as error:
            out.print(f"the vector index is made when the server starts ({error.detail})")
    for old, new in came.renamed.items():
        out.print(f"session {old} is another client's here; it goes on as {new}")
    vectors = "embedded anew" if came.embedded_anew else "with their vectors"
    out.print(f"{came.documents} documents, {came.chunks} chunks ({vectors}), {came.sessions} sessions")
    out.print(f"client_id: {came.tenant.client_id}")
    return 0
