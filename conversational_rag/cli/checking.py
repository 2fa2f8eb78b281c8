"""The command that looks whether everything is well."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from conversational_rag import config
from conversational_rag.cli.instance import opened
from conversational_rag.cli.terminal import cli, out, run
from conversational_rag.config import Settings
from conversational_rag.db import database_file
from conversational_rag.db.engine import Database
from conversational_rag.errors import DataInUse
from conversational_rag.remote import RunningServer
from conversational_rag.services.consistency import Consistency, Difference
from conversational_rag.services.data_claim import is_claimed
from conversational_rag.services.index_consistency import IndexConsistency
from conversational_rag.services.live_consistency import survey_beside

if TYPE_CHECKING:
    from conversational_rag.resources import Resources

_NAMES_SHOWN = 5


@cli.command()
def check(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what differs; the server must be stopped.")] = False,
) -> None:
    """Say what is configured, what can be reached, and where tables, files and vector index differ."""
    settings = config.load()
    if is_claimed(settings.data_dir, settings.session_db_path):
        if repair:
            raise DataInUse("The server runs, and only a stopped instance can be repaired; stop it first.")
        run(_check_beside(settings))
    run(_check_stopped(settings, repair=repair))


async def _check_beside(settings: Settings) -> int:
    server = RunningServer(settings)
    states = server.readiness()["dependencies"]
    server.close()
    _describe(settings, states, f"running at {settings.host}:{settings.port}")
    async with _database(settings) as database:
        found = await survey_beside(database, settings.data_dir / "uploads")
    differences = _tell(found)
    out.print("The vector index is not compared while the server runs: it does that itself, at the first touch.")
    return int(differences > 0 or _is_down(states))


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.session_db_path)
    try:
        yield database
    finally:
        await database.close()


async def _check_stopped(settings: Settings, *, repair: bool) -> int:
    if damage := await asyncio.to_thread(database_file.damage, settings.session_db_path):
        remedy = "restore a backup: python -m conversational_rag restore FILE --replace"
        return int(_tell([Difference("faults in the database file", tuple(damage), remedy)]) > 0)
    (settings.data_dir / "uploads").mkdir(parents=True, exist_ok=True)
    async with opened(settings, recover=False) as resources:
        await resources.warmed_up()
        states = {name: asdict(state) for name, state in (await resources.readiness.states()).items()}
        _describe(settings, states)
        differences = await _mend(resources) if repair else _tell(await _survey(resources))
    return int(differences > 0 or _is_down(states))


async def _survey(resources: "Resources") -> list[Difference]:
    await resources.pool.start()
    tables, index = _surveys(resources)
    return [*await tables.survey(), *await index.survey()]


async def _mend(resources: "Resources") -> int:
    """Mend and look again; how many differences are left."""
    await resources.pool.start()
    for survey in _surveys(resources):
        for difference in await survey.survey():
            if difference.mend is not None:
                await difference.mend()
                out.print(f"mended      {_line(difference)}: {difference.remedy}")
    await resources.audit.note_command("repair")
    return _tell(await _survey(resources))


def _surveys(resources: "Resources") -> tuple[Consistency, IndexConsistency]:
    """The tables first: the index is made from them."""
    r = resources
    return (
        Consistency(r.database, r.clients, r.index, r.uploads),
        IndexConsistency(r.database, r.index, r.store, r.pool.fingerprint),
    )


def _describe(settings: Settings, states: Mapping[str, Mapping[str, Any]], server: str | None = None) -> None:
    out.print(f"models           {', '.join(settings.models)} at {settings.groq_api_base}")
    out.print(f"database         {settings.session_db_path}")
    out.print(f"vector index     {settings.vector_store_path}")
    if server is not None:
        out.print(f"server           {server}")
    for name, state in states.items():
        out.print(f"{name:16} {state['status']}{': ' + state['detail'] if state['detail'] else ''}")


def _tell(found: Sequence[Difference]) -> int:
    """Print what was found; how many differences that are."""
    for difference in found:
        advice = "" if difference.mend else f": {difference.remedy}"
        out.print(f"{'note' if difference.note else 'difference':10}  {_line(difference)}{advice}")
    count = sum(len(difference.names) for difference in found if not difference.note)
    mendable = any(difference.mend for difference in found)
    out.print(f"{count} difference{'s' if count != 1 else ''}{'; mend them with check --repair' if mendable else ''}")
    return count


def _line(difference: Difference) -> str:
    shown = ", ".join(difference.names[:_NAMES_SHOWN])
    more = ", …" if len(difference.names) > _NAMES_SHOWN else ""
    return f"{len(difference.names):>6}  {difference.problem} ({shown}{more})"


def _is_down(states: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(state["needed"] and state["status"] == "down" for state in states.values())
