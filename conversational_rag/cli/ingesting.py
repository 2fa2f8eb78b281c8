"""The command that takes files and folders in."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from conversational_rag import config
from conversational_rag.cli.access import running_server
from conversational_rag.cli.instance import opened
from conversational_rag.cli.terminal import cli, out, run
from conversational_rag.config import Settings
from conversational_rag.errors import BadInput
from conversational_rag.security.tenants import Tenant, is_well_formed, new_client_id
from conversational_rag.services.data_claim import is_claimed
from conversational_rag.services.intake import Splitting
from conversational_rag.services.outcomes import EMPTY, FAILED, PARTIAL, READY, SEARCHABLE, UNCHANGED

# Takes a file in under a name, and says what became of it.
Take = Callable[[Path, str], Awaitable[Mapping[str, Any]]]

# Stands for the folders of a path in the name of a document, which has none.
SEPARATOR = " - "
_INTERRUPTED = 130


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
    files = named_files(paths)
    run(_ingest(config.load(), files, client or new_client_id(), Splitting(chunk_size, chunk_overlap)))


def named_files(paths: Sequence[Path]) -> dict[str, Path]:
    """The files, and those below folders, by the name they are stored under; hidden ones are left out.

    Below a folder the way to a file is part of its name: `deep/garden.txt` becomes `deep - garden.txt`. Raises
    BadParameter when two files would have one name.
    """
    found: dict[str, Path] = {}
    for name, path in (each for given in paths for each in _below(given)):
        other = found.setdefault(name, path)
        if other.resolve() != path.resolve():
            raise typer.BadParameter(
                f"{other} and {path} would both be stored as {name!r}, and the second would replace the first; "
                "name the folder above them instead, or rename one of the two"
            )
    return found


def _below(given: Path) -> Iterator[tuple[str, Path]]:
    if not given.is_dir():
        yield _name(given.name), given
        return
    for path in sorted(given.rglob("*")):
        parts = path.relative_to(given).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield _name(SEPARATOR.join(parts)), path


def _name(name: str) -> str:
    """What is no UTF-8 in the name is replaced: it could not be sent."""
    return os.fsencode(name).decode(errors="replace")


async def _ingest(settings: Settings, files: Mapping[str, Path], client_id: str, splitting: Splitting) -> int:
    counts: Counter[str] = Counter()
    try:
        async with _intake(settings, client_id, splitting) as take:
            for name, path in track(list(files.items()), "Reading", console=out):
                counts[await _report(name, path, take)] += 1
    except asyncio.CancelledError:
        left = len(files) - counts.total()
        out.print(f"interrupted: {_summary(counts)}, {left} not reached; the same command again goes on")
        out.print(f"client_id: {client_id}")
        raise typer.Exit(_INTERRUPTED) from None
    out.print(_summary(counts))
    out.print(f"client_id: {client_id}")
    return int(any(status not in SEARCHABLE for status in counts))


def _summary(counts: Counter[str]) -> str:
    """The statuses that matter to everybody, and the others where there are any."""
    shown = {status: counts[status] for status in (READY, PARTIAL, UNCHANGED, EMPTY, FAILED)}
    always = (READY, UNCHANGED, FAILED)
    return ", ".join(f"{count} {status}" for status, count in shown.items() if count or status in always)


async def _report(name: str, path: Path, take: Take) -> str:
    """Take one file and say what became of it; its status."""
    try:
        outcome = await take(path, name)
    except OSError as error:
        outcome = {"status": FAILED, "error": f"it cannot be read: {error.strerror}"}
    except BadInput as error:
        outcome = {"status": FAILED, "error": error.detail}
    status: str = outcome["status"]
    told = outcome["error"] if status not in SEARCHABLE else f"({outcome['chunks']} chunks)"
    out.print(f"{status:>9}  {path}  {told}")
    if outcome.get("api_key"):
        out.print(f"api_key: {outcome['api_key']}  (of the new client; shown this once)")
    return status


@asynccontextmanager
async def _intake(settings: Settings, client_id: str, splitting: Splitting) -> AsyncIterator[Take]:
    """How a file is taken in: by the resources themselves, or by the server that has them."""
    if is_claimed(settings.data_dir, settings.session_db_path):
        async with running_server(settings) as server:

            async def send(path: Path, name: str) -> Mapping[str, Any]:
                return await asyncio.to_thread(
                    server.ingest, path, name, client_id, splitting.chunk_size, splitting.chunk_overlap
                )

            yield send
        return
    async with opened(settings, upkeep=True) as resources:

        async def store(path: Path, name: str) -> Mapping[str, Any]:
            with path.open("rb") as stream:
                upload = await resources.uploads.receive(name, stream)
            tenant = Tenant(client_id)
            accepted = await resources.intake.accept(tenant, [upload], splitting)
            await resources.audit.note_command("ingest", client_id, accepted.job_id)
            await resources.worker.finished(tenant, accepted.job_id)
            return asdict((await resources.upload_jobs.find(tenant, accepted.job_id)).files[0])

        yield store
