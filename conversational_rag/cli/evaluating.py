"""The command that judges the search by questions whose answers' places are known."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer
from rich.console import Console
from rich.progress import track

from conversational_rag import config
from conversational_rag.cli.access import running_server
from conversational_rag.cli.evaluation_report import Report, as_json, tables
from conversational_rag.cli.instance import opened
from conversational_rag.cli.questions import read_questions
from conversational_rag.cli.terminal import cli, out, run
from conversational_rag.config import Settings
from conversational_rag.db.documents import DocumentRow
from conversational_rag.rag.conversation import Turn
from conversational_rag.remote import RunningServer
from conversational_rag.schemas.search import MOST_RESULTS
from conversational_rag.security.tenants import Tenant, is_well_formed
from conversational_rag.services import outcomes
from conversational_rag.services.data_claim import is_claimed
from conversational_rag.services.evaluation import Case, Held, Hit, Place, Trial, by_name, obstacle

if TYPE_CHECKING:
    from conversational_rag.resources import Resources

# What --least-hit5 looks at; so many are searched for at least.
_CUT = 5
_DOCUMENTS_AT_ONCE = 1000
_NOTHING_JUDGED, _BELOW = 1, 2


@cli.command()
def evaluate(
    questions: Annotated[
        Path, typer.Argument(help="JSON lines: question, file, page?, history?", exists=True, dir_okay=False)
    ],
    client: Annotated[str, typer.Option(help="Whose documents are searched.")],
    k: Annotated[int, typer.Option("--k", min=1, max=MOST_RESULTS, help="Passages that are looked at.")] = 10,
    print_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")] = False,
    least_hit5: Annotated[
        float | None, typer.Option(min=0, max=1, help="End with 2 when Hit@5 is below, or a question not judged.")
    ] = None,
) -> None:
    """Judge the search by your own questions: through the server when one is running, else straight from its data."""
    if not is_well_formed(client):
        raise typer.BadParameter("--client takes 3 to 64 letters, digits, _ or -")
    run(_evaluate(config.load(), questions, Tenant(client), k, print_json=print_json, least_hit5=least_hit5))


async def _evaluate(
    settings: Settings, path: Path, tenant: Tenant, k: int, *, print_json: bool, least_hit5: float | None
) -> int:
    report = await _judge(settings, read_questions(path), tenant, k)
    if print_json:
        typer.echo(as_json(report))
    else:
        for part in tables(report):
            out.print(part, soft_wrap=False)
    return _verdict(report, least_hit5)


async def _judge(settings: Settings, cases: Sequence[Case], tenant: Tenant, k: int) -> Report:
    """Ask every question that can be judged, one after the other."""
    progress = Console(stderr=True)
    async with _instance(settings, tenant) as instance:
        held = by_name(await instance.documents())
        obstacles = {case.line: reason for case in cases if (reason := obstacle(case, held)) is not None}
        judged = [case for case in cases if case.line not in obstacles]
        # Not counted: the first search waits for the model and the index.
        await instance.find(Case(0, "warm-up", ()), 1)
        trials = [
            await instance.find(case, max(k, _CUT))
            for case in track(judged, "Asking", console=progress, transient=True, disable=not progress.is_terminal)
        ]
        outdated = await instance.is_outdated()
    unjudged = [(case, obstacles[case.line]) for case in cases if case.line in obstacles]
    return Report(tenant.client_id, k, trials, unjudged, outdated)


def _verdict(report: Report, least_hit5: float | None) -> int:
    """The exit code, and in one line why it is not 0."""
    if report.figures is None:
        typer.echo("No question could be judged; check --client and the names of the files.", err=True)
        return _NOTHING_JUDGED
    hit5 = report.figures.hits[_CUT]
    if least_hit5 is None or (hit5 >= least_hit5 and not report.unjudged):
        return 0
    wanted = f"Hit@{_CUT} is {hit5:.3f}, at least {least_hit5:g} is wanted"
    typer.echo(f"{wanted}; questions that could not be judged: {len(report.unjudged)}.", err=True)
    return _BELOW


class _Instance(Protocol):
    """Whoever has the client's documents. Raises ClientNotFound or BadInput when there is no such client."""

    async def documents(self) -> list[Held]:
        """All of them, in whatever state."""

    async def find(self, case: Case, k: int) -> Trial:
        """Ask one question."""

    async def is_outdated(self) -> bool:
        """Whether text is still to be embedded with EMBEDDING_MODEL."""


@asynccontextmanager
async def _instance(settings: Settings, tenant: Tenant) -> AsyncIterator[_Instance]:
    if is_claimed(settings.data_dir, settings.session_db_path):
        async with running_server(settings) as server:
            yield _Served(server, tenant)
        return
    async with opened(settings) as resources:
        yield _Stopped(resources, tenant)


class _Stopped:
    """An instance that does not run: its parts are used as they lie there."""

    def __init__(self, resources: "Resources", tenant: Tenant) -> None:
        self._resources, self._tenant = resources, tenant

    async def documents(self) -> list[Held]:
        rows, before = list[DocumentRow](), None
        while True:
            page = await self._resources.documents.list_page(self._tenant, _DOCUMENTS_AT_ONCE, before)
            rows += page.documents
            if not page.more:
                return [Held(each.filename, each.status, each.pages) for each in map(outcomes.of, rows)]
            before = (rows[-1].created_at, rows[-1].id)

    async def find(self, case: Case, k: int) -> Trial:
        begun = time.perf_counter()
        found = await self._resources.search.find(self._tenant, case.question, case.history, k)
        seconds = time.perf_counter() - begun
        return Trial(case, tuple(Hit(Place(each.filename, each.page), each.score) for each in found), seconds)

    async def is_outdated(self) -> bool:
        client = await self._resources.clients.find(self._tenant)
        return client is not None and client.former_fingerprint is not None


class _Served:
    """An instance that runs: it is asked over HTTP."""

    def __init__(self, server: RunningServer, tenant: Tenant) -> None:
        self._server, self._client_id = server, tenant.client_id

    async def documents(self) -> list[Held]:
        listed = await asyncio.to_thread(self._server.documents, self._client_id)
        return [Held(each["filename"], each["status"], each["pages"]) for each in listed]

    async def find(self, case: Case, k: int) -> Trial:
        found, seconds = await asyncio.to_thread(self._search, case.question, case.history, k)
        return Trial(case, found, seconds)

    async def is_outdated(self) -> bool:
        readiness = await asyncio.to_thread(self._server.readiness)
        return bool(readiness["dependencies"]["embedding"]["status"] != "ok")

    def _search(self, question: str, history: Sequence[Turn], k: int) -> tuple[tuple[Hit, ...], float]:
        found, seconds = self._server.search(self._client_id, question, history, k)
        return tuple(Hit(Place(each["filename"], each["page"]), each["score"]) for each in found), seconds
