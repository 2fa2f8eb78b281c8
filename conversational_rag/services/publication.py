"""Publication: a document goes into the vector index and becomes visible, or does neither; small ones go together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from conversational_rag.db import chunks, clients, documents, jobs, pages, stages
from conversational_rag.db.chunks import NewChunk, Vectors
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import JobFile
from conversational_rag.errors import BadInput, Superseded, UploadCancelled
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import outcomes
from conversational_rag.services.outcomes import Outcome
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.withdrawal import Withdrawal

_INDEX_BATCH = 250


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file of a job that is taken in."""

    job_id: str
    tenant: Tenant
    file: JobFile

    @property
    def document_id(self) -> str:
        """The document it becomes; empty when it was refused on arrival."""
        return self.file.document_id or ""


# What became of a file; an error is its own.
Result = Outcome | BadInput


class Publication:
    """The last step of an upload. All of it happens under the client's lock."""

    def __init__(self, database: Database, index: SearchIndex, withdrawal: Withdrawal) -> None:
        self._database, self._index, self._withdrawal = database, index, withdrawal

    async def publish(self, tasks: Sequence[FileTask], last: Mapping[str, Sequence[NewChunk]]) -> list[Result]:
        """Index these documents of one client together, show them, and withdraw those they replace.

        `last`, by document: the chunks that are not stored yet. One that was deleted, or that came too late, falls out
        by itself: its result is UploadCancelled or Superseded.
        """
        tenant = tasks[0].tenant
        async with self._index.changing(tenant):
            with self._index.doubting(tenant):
                refused = await self._database.write(_mark_indexing, tasks, last)
                going = [task for task in tasks if task.document_id not in refused]
                await self._add_to_index(tenant, [task.document_id for task in going])
                return _in_order(tasks, {**refused, **await self._show(going, added=True)})

    async def resume(self, task: FileTask) -> Result:
        """Show a document whose publication broke off. Nothing is added to the index: it has been in doubt since
        then, so it waits to be rebuilt from the rows, or was."""
        async with self._index.changing(task.tenant):
            with self._index.doubting(task.tenant):
                return _in_order([task], await self._show([task], added=False))[0]

    async def refuse(self, task: FileTask, outcome: Outcome) -> None:
        """The document has failed; nothing of it stays but its row, which says why."""
        async with self._index.changing(task.tenant):
            with self._index.doubting(task.tenant):
                if await self._database.write(_fail, task, outcome):
                    self._index.doubt(task.tenant, "a document was given up on its way into it")

    async def _show(self, tasks: Sequence[FileTask], *, added: bool) -> dict[str, Result]:
        if not tasks:
            return {}
        tenant = tasks[0].tenant
        results, replaced = await self._database.write(_publish, tasks, self._withdrawal.taking_down_mark(tenant))
        if added and any(isinstance(result, BadInput) for result in results.values()):
            self._index.doubt(tenant, "a document was deleted on its way into it")
        if replaced:
            await self._withdrawal.complete(tenant, replaced)
        return results

    async def _add_to_index(self, tenant: Tenant, document_ids: Sequence[str]) -> None:
        missing = len(await self._database.read(chunks.ids_of, tenant, document_ids))
        after = 0
        while missing > 0:
            owners, batch = await self._database.read(_next_vectors, tenant, document_ids, after)
            ids = [int(chunk_id) for chunk_id in batch.ids]
            await self._index.add(tenant, owners, ids, batch.matrix, missing)
            missing, after = missing - len(ids), ids[-1]


def _in_order(tasks: Sequence[FileTask], results: Mapping[str, Result]) -> list[Result]:
    return [results[task.document_id] for task in tasks]


def _mark_indexing(
    connection: Connection, tasks: Sequence[FileTask], last: Mapping[str, Sequence[NewChunk]]
) -> dict[str, Result]:
    """Those that are not wanted any more."""
    refused: dict[str, Result] = {}
    for task in tasks:
        error = _unwanted(connection, task)
        if error is not None:
            refused[task.document_id] = error
        elif last.get(task.document_id):
            chunks.insert_all(connection, task.tenant, task.document_id, last[task.document_id])
    if len(refused) < len(tasks):
        clients.mark_index(connection, tasks[0].tenant, dirty=True)
    return refused


def _unwanted(connection: Connection, task: FileTask) -> BadInput | None:
    if documents.find(connection, task.tenant, task.document_id) is None:
        return UploadCancelled()
    if stages.is_superseded(connection, task.tenant, task.document_id):
        return Superseded()
    return None if stages.mark_indexing(connection, task.tenant, task.document_id) else UploadCancelled()


def _next_vectors(
    connection: Connection, tenant: Tenant, document_ids: Sequence[str], after: int
) -> tuple[list[str], Vectors]:
    """The next vectors of these documents, and whose each is. Several documents are small: they come at once."""
    found = [(each, chunks.next_vectors_of(connection, tenant, each, after, _INDEX_BATCH)) for each in document_ids]
    found = [(owner, part) for owner, part in found if len(part.ids)]
    ids = np.concatenate([part.ids for _, part in found])
    matrix = np.concatenate([part.matrix for _, part in found])
    return [owner for owner, part in found for _ in part.ids], Vectors(ids, matrix)


def _publish(
    connection: Connection, tasks: Sequence[FileTask], take_down_mark: Callable[[Connection], None]
) -> tuple[dict[str, Result], list[str]]:
    """The results, and the documents that were replaced; the client's mark stays up while there is more to do."""
    results, replaced = dict[str, Result](), list[str]()
    for task in tasks:
        if stages.find(connection, task.tenant, task.document_id) != documents.INDEXING:
            results[task.document_id] = UploadCancelled()
        else:
            replaced += documents.publish(connection, task.tenant, task.document_id)
            results[task.document_id] = _noted(connection, task)
    if not replaced and all(isinstance(result, Outcome) for result in results.values()):
        take_down_mark(connection)
    return results, replaced


def _noted(connection: Connection, task: FileTask) -> Outcome:
    document = documents.find(connection, task.tenant, task.document_id)
    assert document is not None
    outcome = outcomes.stored(document)
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())
    return outcome


def _fail(connection: Connection, task: FileTask, outcome: Outcome) -> bool:
    """Whether the vector index may hold some of it."""
    document = documents.find(connection, task.tenant, task.document_id)
    if document is not None and document.status == documents.READY:
        # It was shown before a crash; only its outcome was not noted.
        jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcomes.stored(document).dump())
        return False
    indexing = document is not None and document.status == documents.INDEXING
    if indexing:
        clients.mark_index(connection, task.tenant, dirty=True)
    chunks.delete_of(connection, task.tenant, task.document_id)
    pages.delete_of(connection, task.document_id)
    stages.fail(connection, task.tenant, task.document_id, outcome.status, str(outcome.code), str(outcome.error))
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())
    return indexing
