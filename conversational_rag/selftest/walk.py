"""The walk: every operation is asked by every caller, those first who must be refused, and each answer is judged."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from conversational_rag.errors import BadInput
from conversational_rag.security.keys import parse
from conversational_rag.security.permissions import PERMISSIONS
from conversational_rag.selftest.callers import Caller, Side
from conversational_rag.selftest.exchange import Answer, Request, Talk
from conversational_rag.selftest.expectations import About, Outcome, differs, expected, shows_wrong_key
from conversational_rag.selftest.matrix import Cell, Matrix, Row
from conversational_rag.selftest.pages import EVERYBODY, PAGES
from conversational_rag.selftest.recipes import OPERATIONS, WEBSOCKETS, Objects, Probe, Recipe, nobodys
from conversational_rag.selftest.service import Service
from conversational_rag.selftest.world import World, made_world

_RECIPES: Mapping[str, Recipe] = {**WEBSOCKETS, **OPERATIONS}
_PAGES: Mapping[str, Recipe] = {address: page.recipe for address, page in PAGES.items()}


async def walk(service: Service, admin_key: str, only: Collection[str] = ()) -> Matrix:
    """Make two clients, ask everything, or `only` these operations and pages, and delete them.

    Raises BadInput when the service cannot be tested.
    """
    if parse(admin_key) is None:
        raise BadInput("The admin key is none: a key has the form crag_<id>_<secret>, without blanks around it.")
    # It may be a wrong one, with which it is of no use to wait.
    document = await service.need(admin_key, Request("GET", "/openapi.json"), wrong_key=True)
    async with made_world(service, admin_key) as world:
        matrix = Matrix(tuple(caller.name for caller in world.callers))
        matrix.gaps = gaps(document)
        for operation, recipe in {**_PAGES, **_RECIPES}.items():
            if operation not in matrix.gaps and (not only or operation in only):
                await _ask(world, matrix, operation, recipe)
        matrix.requests = service.requests
        return matrix


async def _ask(world: World, matrix: Matrix, operation: str, recipe: Recipe) -> None:
    try:
        for probe in recipe.probes:
            matrix.rows.append(await _Round(world, matrix, operation, recipe, probe).row())
    except BadInput as error:
        # What was broken before may have taken away what this one needs; that must not hide the rest.
        matrix.gaps[operation] = error.detail


def gaps(document: Mapping[str, Any]) -> dict[str, str]:
    """Operations that cannot be asked, or are not there, with the reason, by their ids."""
    found: dict[str, str] = {}
    offered = set(operation_ids(document)) | set(WEBSOCKETS)
    for operation in offered - set(PERMISSIONS):
        found[operation] = "it has no permission (security/permissions.py)"
    for operation in (offered & set(PERMISSIONS)) - set(_RECIPES):
        found[operation] = "it has no recipe (selftest/recipes.py)"
    for operation in set(PERMISSIONS) - offered:
        found[operation] = "it has a permission, and the OpenAPI document does not tell of it"
    return found


def operation_ids(document: Mapping[str, Any]) -> Iterable[str]:
    """Of an OpenAPI document."""
    return (
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if "operationId" in operation
    )


class _Round:
    """One way to ask one operation, caller by caller."""

    def __init__(self, world: World, matrix: Matrix, operation: str, recipe: Recipe, probe: Probe) -> None:
        self._world, self._matrix, self._recipe, self._probe = world, matrix, recipe, probe
        self._operation = operation
        self._permission = EVERYBODY if operation in PAGES else PERMISSIONS[operation]
        self._held: tuple[object, ...] | None = None

    async def row(self) -> Row:
        """Ask; whoever is granted what he asks for may change or delete it, so those are last, the owner at the end."""
        asking = [caller for caller in self._world.callers if self._concerns(caller)]
        granted = {caller.name: self._expected(caller) is Outcome.GRANTED for caller in asking}
        ranked = sorted(asking, key=lambda caller: (granted[caller.name], caller.name == "right key"))
        cells = {caller.name: await self._cell(caller) for caller in ranked}
        asked = self._probe.ask(self._world.objects, self._world.admin)
        way = asked.way.value if isinstance(asked, Talk) else ""
        return Row(self._operation, self._probe.about, tuple(cells[caller.name] for caller in asking), way)

    def _concerns(self, caller: Caller) -> bool:
        """Whoever has no client of his own has nothing to ask for without naming one."""
        return self._probe.about is not About.OWN or caller.side is not Side.NONE

    def _expected(self, caller: Caller) -> Outcome:
        return expected(self._permission, self._probe.about, caller)

    async def _cell(self, caller: Caller) -> Cell:
        outcome = self._expected(caller)
        objects = await self._objects(caller, outcome)
        asked = self._probe.ask(objects, caller)
        watched = asked.changes and outcome is not Outcome.GRANTED
        if watched and self._held is None:
            self._held = await self._world.holdings()
        answer = await self._send(caller, asked)
        faults = [differs(outcome, answer, wrong_key=self._wrong_key(caller), also_granted=self._recipe.also_granted)]
        faults.append(self._leak(caller, answer))
        if outcome is Outcome.NOT_FOUND and self._probe.has_twin:
            faults.append(await self._told_apart(caller, answer))
        if watched:
            faults.append(await self._damage())
        return Cell(caller.name, outcome, answer.status, tuple(filter(None, faults)))

    async def _objects(self, caller: Caller, outcome: Outcome) -> Objects:
        """Those of the first client; what will be used up is made for it."""
        if outcome is not Outcome.GRANTED:
            return self._world.objects
        if self._recipe.uses_up == "client" and caller.is_admin:
            # The first client's own deletion is its owner's.
            return Objects(self._world.other.client_id, "", "", "", "")
        return await self._world.fresh(self._recipe.uses_up)

    def _wrong_key(self, caller: Caller) -> bool:
        return shows_wrong_key(self._probe.about, caller)

    async def _send(self, caller: Caller, asked: Request | Talk) -> Answer:
        return await self._world.service.send(caller.key, asked, wrong_key=self._wrong_key(caller))

    def _leak(self, caller: Caller, answer: Answer) -> str | None:
        marks = self._world.forbidden(caller)
        self._matrix.marks += len(marks)
        found = answer.find(marks)
        return f"the answer holds what is not the caller's: {', '.join(map(_shortened, found))}" if found else None

    async def _told_apart(self, caller: Caller, answer: Answer) -> str | None:
        """What is another's must look like what never was."""
        self._matrix.twins += 1
        twin = await self._send(caller, self._probe.ask(nobodys(), caller))
        if twin.comparable() == answer.comparable():
            return None
        return f"what never was is answered otherwise: {twin.status} {twin.code}"

    async def _damage(self) -> str | None:
        self._matrix.inspections += 1
        before, self._held = self._held, await self._world.holdings()
        return None if self._held == before else "refused or not, it has changed what the client has"


def _shortened(mark: str) -> str:
    """No key stands in a report."""
    return "a key" if mark.startswith("crag_") else mark
