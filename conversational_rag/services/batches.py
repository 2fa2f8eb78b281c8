"""Batches: the next files of a job that are begun together; small ones share what each would cost by itself.

A file that was begun before without an end goes by itself: when it brings the service down again, no other is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from conversational_rag.db import chunks, documents, jobs, pages, stages
from conversational_rag.db.documents import DocumentRow
from conversational_rag.db.engine import Connection
from conversational_rag.errors import ReadingGivenUp, UploadCancelled
from conversational_rag.services import outcomes
from conversational_rag.services.publication import FileTask, Result

_MOST_FILES = 16
# That many chunks of plain text are read in no time.
_MOST_CHUNKS = 256
# A file that was begun so often without an end brings the service down.
_MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file of a job and its document as it stood then; None: it was deleted. `untried`: no run has begun it yet."""

    task: FileTask
    document: DocumentRow | None
    untried: bool

    @property
    def is_unread(self) -> bool:
        """Whether it is to be read; otherwise a crash came when its rows were complete, or it is gone."""
        return self.document is not None and self.document.status in stages.UNREAD


def next_of(connection: Connection, tasks: Sequence[FileTask]) -> list[Arrived]:
    """The first of these files, and those behind it that may be begun with it."""
    batch = [_arrived(connection, tasks[0])]
    for task in tasks[1:_MOST_FILES]:
        another = _arrived(connection, task)
        if not _fits(connection, [*batch, another]):
            break
        batch.append(another)
    return batch


def begin(connection: Connection, batch: Sequence[Arrived]) -> list[Result | None]:
    """What each file of the batch came to; None: it is to be read now, which counts as an attempt."""
    return [_begin(connection, each.task, each.document) for each in batch]


def _arrived(connection: Connection, task: FileTask) -> Arrived:
    document = documents.find(connection, task.tenant, task.document_id)
    return Arrived(task, document, stages.is_untried(connection, task.tenant, task.document_id))


def _fits(connection: Connection, batch: Sequence[Arrived]) -> bool:
    """Whether the last of the batch may be begun with those before it."""
    rows = [each.document for each in batch if each.document is not None and each.untried]
    if len(rows) < len(batch) or sum(row.bytes for row in rows) > _MOST_CHUNKS * rows[0].chunk_size:
        return False
    *before, last = rows
    # What it is the same as must be shown, or withdrawn, before it is judged.
    same = documents.find_same(connection, batch[-1].task.tenant, last)
    names = {last.filename, same.filename if same else last.filename}
    return not any(row.sha256 == last.sha256 or row.filename in names for row in before)


def _begin(connection: Connection, task: FileTask, document: DocumentRow | None) -> Result | None:
    attempts = stages.begin(connection, task.tenant, task.document_id)
    if attempts is None or document is None:
        return UploadCancelled()
    # What a run that broke off has left is written anew.
    chunks.delete_of(connection, task.tenant, task.document_id)
    pages.delete_of(connection, task.document_id)
    if attempts > _MOST_ATTEMPTS:
        return ReadingGivenUp()
    same = documents.find_same(connection, task.tenant, document)
    if same is None:
        return None
    outcome = outcomes.unchanged(task.file.filename, same)
    documents.delete_rows(connection, task.tenant, [task.document_id])
    jobs.set_outcome(connection, task.job_id, task.file.ordinal, outcome.dump())
    return outcome
