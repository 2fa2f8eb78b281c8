"""The audit: what was done and what was refused is written down before the caller learns of it."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from conversational_rag.addresses import network
from conversational_rag.db import audit
from conversational_rag.db.audit import REFUSED, Entry, Filters, Recorded
from conversational_rag.db.engine import Database
from conversational_rag.errors import ServiceError
from conversational_rag.services.refusals import Origin, Refusals

ANYBODY, NOBODY, COMMAND_LINE = "open", "nobody", "cli"
# An entry that stands for refusals that were left out; its object is their number.
LEFT_OUT = "refusals_left_out"
_WITHOUT_A_KEY = frozenset({ANYBODY, NOBODY})
_DAY_SECONDS = 86_400.0
_SLICE = 500
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, the newest first; `more`: older ones follow."""

    entries: list[Recorded]
    more: bool


class Audit:
    """Writes entries down, shows them, and deletes them when they are `days` old."""

    def __init__(self, database: Database, days: float, now: Callable[[], float]) -> None:
        self._database, self._days, self._now = database, days, now
        self._refusals = Refusals(now)

    async def note(self, entry: Entry) -> None:
        """Write it down; of many refusals of one origin only some, and then how many were left out."""
        if entry.outcome != REFUSED:
            await self._write([entry])
            return
        origin = _origin(entry)
        if self._refusals.admit(origin):
            count = self._refusals.take_left_out(origin)
            await self._write([*([_left_out(origin, count)] if count else []), entry])

    async def note_command(self, action: str, client_id: str | None = None, object_id: str | None = None) -> None:
        """Write down what the command line has done."""
        await self.note(Entry(COMMAND_LINE, action, client_id=client_id, object=object_id))

    async def list_page(self, filters: Filters, limit: int, before: int | None = None) -> AuditPage:
        """Up to `limit` entries, those with an id smaller than `before`."""
        found = await self._database.read(audit.admin_newest, filters, before, limit + 1)
        return AuditPage(found[:limit], more=len(found) > limit)

    async def export(self, filters: Filters) -> AsyncGenerator[list[Recorded], None]:
        """All entries, the oldest first, in slices: neither memory nor a long transaction holds them all."""
        last = 0
        while found := await self._database.read(audit.admin_oldest, filters, last, _SLICE):
            yield found
            last = found[-1].id

    async def cleanup(self) -> int:
        """Write down how many refusals were left out, and delete what is too old; how many entries went."""
        await self._note_left_out(at_once=False)
        removed = 0
        # The database refuses to delete what is younger than a day, and counts whole seconds.
        before = self._now() - self._days * _DAY_SECONDS - 1
        while gone := await self._database.write(audit.admin_delete_before, before, _SLICE):
            removed += gone
        return removed

    async def close(self) -> None:
        """Write down what is only counted so far."""
        await self._note_left_out(at_once=True)

    async def _note_left_out(self, *, at_once: bool) -> None:
        entries = [_left_out(*each) for each in self._refusals.take_all_left_out(at_once=at_once)]
        if entries:
            await self._write(entries)

    async def _write(self, entries: Sequence[Entry]) -> None:
        """What entries tell of has happened: a database that cannot take them undoes nothing, and the log has them."""
        try:
            await self._database.write(audit.admin_add, entries, self._now())
        except ServiceError as error:
            _log.error("not_in_the_audit", reason=error.detail, entries=[str(entry) for entry in entries])


def record(recorded: Recorded) -> dict[str, Any]:
    """An entry with its id and its time, as it is shown and exported."""
    return {"id": recorded.id, "timestamp": recorded.timestamp, **asdict(recorded.entry)}


def _origin(entry: Entry) -> Origin:
    """A key is one caller wherever it is used; without one, an address says who it is."""
    if entry.actor in _WITHOUT_A_KEY and entry.address is not None:
        return Origin(entry.actor, network(entry.address))
    return Origin(entry.actor)


def _left_out(origin: Origin, count: int) -> Entry:
    return Entry(origin.actor, LEFT_OUT, REFUSED, object=str(count), address=origin.network)
