"""The command that writes the audit out, also beside a running server."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from conversational_rag import config
from conversational_rag.cli.terminal import cli, run
from conversational_rag.config import Settings
from conversational_rag.db import migrations
from conversational_rag.db.audit import Filters
from conversational_rag.db.engine import Database
from conversational_rag.errors import BadInput
from conversational_rag.services.audit import Audit, record

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

audit = typer.Typer(help="The audit: who did what; also while the server runs.", no_args_is_help=True)
cli.add_typer(audit, name="audit")


@audit.callback()
def group() -> None:
    """The audit: who did what; also while the server runs."""


@audit.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Left out: the terminal.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=_TIMES, help="From then on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_TIMES, help="Before then (UTC).")] = None,
    client: Annotated[str | None, typer.Option(help="Only what was about this client.")] = None,
) -> None:
    """Write the audit out, one JSON object a line, the oldest entry first."""
    run(_export(config.load(), file, Filters(client, since=_seconds(since), until=_seconds(until))))


def _seconds(time_given: datetime | None) -> float | None:
    return None if time_given is None else time_given.replace(tzinfo=UTC).timestamp()


async def _export(settings: Settings, file: Path | None, filters: Filters) -> int:
    if not settings.session_db_path.exists():
        raise BadInput(f"There is no database at {settings.session_db_path} (DATA_DIR, SESSION_DB_PATH).")
    database = Database(settings.session_db_path)
    try:
        if not await database.read(migrations.is_current):
            raise BadInput("The database is of another version; start the server once with this one, and try again.")
        with _opened(file) as lines:
            async for entries in Audit(database, settings.audit_days, time.time).export(filters):
                lines.writelines(f"{json.dumps(record(entry))}\n" for entry in entries)
    finally:
        await database.close()
    return 0


@contextmanager
def _opened(file: Path | None) -> Iterator[TextIO]:
    """The file, for its owner's eyes only; or the terminal. Raises BadInput."""
    if file is None:
        yield sys.stdout
        return
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as lines:
            yield lines
    except OSError as error:
        raise BadInput(f"{file} cannot be written ({error.strerror}); choose another file.") from error
