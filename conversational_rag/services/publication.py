"""Publication: a document whose rows are complete goes into the vector index and becomes visible, or does neither."""

from dataclasses import dataclass

from conversational_rag.db import chunks, clients, documents, jobs, pages, stages
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.jobs import JobFile
from conversational_rag.errors import Superseded, UploadCancelled
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


class Publication:
    """The last step of an upload. All of it happens under the client's lock."""

    def __init__(self, database: Database, index: SearchIndex, withdrawal: Withdrawal) -> None:
        self._database, self._index, self._withdrawal = database, index, withdrawal

    async def publish(self, task: FileTask) -> Outcome:
        """Index the document, show it, and withdraw those it replaces. Raises UploadCancelled, Superseded."""
        async with self._index.changing(task.tenant):
            with self._index.doubting(task.tenant):
                await self._database.write(_mark_indexing, task)
                await self._add_to_index(task.tenant, task.document_id)
                return await self._show(task)

    async def resume(self, task: FileTask) -> Outcome:
        """Show a document whose publication broke off. Nothing is added to the index: it has been in doubt since
        then, so it waits to be rebuilt from the rows, or was."""
        async with self._index.changing(task.tenant):
            with self._index.doubting(task.tenant):
                return await self._show(task)

    async def refuse(self, task: FileTask, outcome: Outcome) -> None:
        """The document has failed; nothing of it stays but its row, which says why."""
        async with self._index.changing(task.tenant):
            with self._index.doubting(task.tenant):
                if await self._database.write(_fail, task, outcome):
                    self._index.doubt(task.tenant, "a document was given up on its way into it")

    async def _show(self, task: FileTask) -> Outcome:
        outcome, replaced = await self._database.write(_publish, task)
        await self._withdrawal.complete(task.tenant, replaced)
        return outcome

    async def _add_to_index(self, tenant: Tenant, document_id: str) -> None:
        missing = len(await self._database.read(chunks.ids_of, tenant, [document_id]))
        after = 0
        while missing > 0:
            batch = await self._database.read(chunks.next_vectors_of, tenant, document_id, after, _INDEX_BATCH)
            ids = [int(chunk_id) for chunk_id in batch.ids]
            await self._index.add(tenant, document_id, ids, batch.matrix, missing)
            missing, after = missing - len(ids), ids[-1]


def _mark_indexing(connection: Connection, task: FileTask) -> None:
    if documents.find(connection, task.tenant, task.document_id) is None:
        raise UploadCancelled
    if stages.is_superseded(connection, task.tenant, task.document_id):
        raise Superseded
    if not stages.mark_indexing(connection, task.tenant, task.document_id):
        raise UploadCancelled
    clients.mark_index(connection, task.tenant, dirty=True)


def _publish(connection: Connection, task: FileTask) -> tuple[Outcome, list[str]]:
    if stages.find(connection, task.tenant, task.document_id) != documents.INDEXING:
        raise UploadCancelled
    replaced = documents.publish(connection, task.tenant, task.document_id)
    document = documents.find(connection, task.tenant, task.document_id)
    assert document is not None
    outcome = outcomes.stored(document)
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())
    return outcome, replaced


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
