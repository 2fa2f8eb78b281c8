"""A look at the tables and files of an instance that runs, from beside it: nothing changes, nobody waits.

What two looks agree on is a difference; what only one has seen was on its way.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from conversational_rag.db.engine import Database
from conversational_rag.services.consistency import Difference, Tables, lost_originals, nobodys_files, read_tables
from conversational_rag.services.uploads import UploadFolder

# A file lies there before its document is known; this long no upload takes.
_ARRIVING_SECONDS = 1800.0
_BETWEEN_SECONDS = 1.0
# By how much a lease may be overdue: its holder may just be busy.
_LATE_SECONDS = 60.0


async def survey_beside(database: Database, folder: Path) -> list[Difference]:
    """All differences that can be seen without the vector index; `folder` holds the originals."""
    first = await _look(database, folder)
    if not first:
        return []
    await asyncio.sleep(_BETWEEN_SECONDS)
    second = {difference.problem: set(difference.names) for difference in await _look(database, folder)}
    both = [_narrowed(difference, second.get(difference.problem, set())) for difference in first]
    return [difference for difference in both if difference.names]


async def _look(database: Database, folder: Path) -> list[Difference]:
    files = await asyncio.to_thread(_settled_files, folder)
    tables = await database.read(read_tables, time.time() - _LATE_SECONDS)
    return list(_differences(tables, files, lambda document_id: (folder / document_id).exists()))


def _differences(tables: Tables, files: set[str], exists: Callable[[str], bool]) -> Iterable[Difference]:
    remedy = "stop the server and run check --repair"
    problems = {
        "rows whose parent row is gone": [f"{row.table} {row.rowid}" for row in tables.parentless],
        "chunks in which keyword index and table differ": list(map(str, tables.words)),
        "ready documents that lack chunks": [
            row.id for row in tables.documents if row.status == "ready" and not row.is_whole
        ],
        "waiting documents whose file is gone": [
            row.id for row in tables.documents if row.is_waiting and not exists(row.id)
        ],
        "waiting documents without a job": sorted(
            {row.id for row in tables.documents if row.is_waiting} - {str(f.document_id) for f in tables.open_files}
        ),
        "jobs begun by a process that is gone": list(tables.abandoned),
        "files that no document needs": nobodys_files(tables, files),
    }
    for problem, names in problems.items():
        if names:
            yield Difference(problem, tuple(names), remedy)
    yield from lost_originals(tables, {row.id for row in tables.documents if exists(row.id)})


def _settled_files(folder: Path) -> set[str]:
    """The names of the files that no upload is still writing."""
    before = time.time() - _ARRIVING_SECONDS
    known = UploadFolder(folder, max_bytes=0)
    return {name for name in known.names() if known.path(name).exists() and known.path(name).stat().st_mtime < before}


def _narrowed(difference: Difference, names: set[str]) -> Difference:
    both = tuple(name for name in difference.names if name in names)
    return Difference(difference.problem, both, difference.remedy, note=difference.note)
