"""Consistency: whether the tables, the files and the vector index tell the same story, and how to make them.

Each thing that is wrong is a `Difference`, which knows how it is mended. A look changes nothing, but for leftovers
that the vector store removes by itself when it is opened.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from conversational_rag.db import consistency, documents, jobs
from conversational_rag.db.consistency import OpenFile, Parentless, StoredDocument
from conversational_rag.db.engine import Connection, Database
from conversational_rag.errors import UnreadableFile, UploadCancelled
from conversational_rag.services import outcomes
from conversational_rag.services.clients import Clients
from conversational_rag.services.intake import INGEST
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.uploads import UploadFolder

_FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it must be: `problem` in words, and the names of those it is true of.

    `mend` repairs it; where it is None, `remedy` says what its owner can do. `remedy` otherwise says what was done.
    A `note` costs no search and no answer.
    """

    problem: str
    names: tuple[str, ...]
    remedy: str
    mend: Callable[[], Awaitable[object]] | None = None
    note: bool = False


@dataclass(frozen=True, slots=True)
class Tables:
    """What stands in SQL, read in one transaction."""

    parentless: Sequence[Parentless]
    words: Sequence[int]
    documents: Sequence[StoredDocument]
    open_files: Sequence[OpenFile]
    abandoned: Sequence[str]
    half_deleted: Sequence[str]


def read_tables(connection: Connection, now: float = _FOR_EVER) -> Tables:
    """`now`: a lease that ends later is alive; none is in an instance that does not run."""
    return Tables(
        consistency.parentless(connection),
        consistency.unmatched_words(connection),
        consistency.stored_documents(connection),
        consistency.open_files(connection),
        consistency.abandoned_jobs(connection, now),
        consistency.half_deleted(connection),
    )


class Consistency:
    """Looks at the tables and files of an instance that does not run, and mends them."""

    def __init__(self, database: Database, clients: Clients, index: SearchIndex, folder: UploadFolder) -> None:
        self._database, self._clients, self._index, self._folder = database, clients, index, folder

    async def survey(self) -> list[Difference]:
        """All differences, in the order in which they are to be mended."""
        files = self._folder.names()
        tables = await self._database.read(read_tables)
        return [
            # First: rows cannot be deleted while the keyword index does not know their words.
            *await self._words(tables),
            *self._rows(tables),
            *self._half_done(tables),
            *self._unreadable(tables, files),
            *self._unattended(tables, files),
            *self._nobodys_files(tables, files),
            *lost_originals(tables, files),
        ]

    def _rows(self, tables: Tables) -> Iterable[Difference]:
        by_kind: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for row in tables.parentless:
            by_kind[row.table, row.parent].append(str(row.rowid))
        mend = partial(self._database.write, consistency.delete_parentless)
        for (table, parent), rows in by_kind.items():
            yield Difference(f"rows of {table} whose row in {parent} is gone", tuple(rows), "deleted", mend)

    async def _words(self, tables: Tables) -> list[Difference]:
        mend = partial(self._database.write, consistency.rebuild_words)
        if tables.words:
            names = tuple(map(str, tables.words))
            return [Difference("chunks in which keyword index and table differ", names, "rebuilt", mend)]
        if not await self._database.write(consistency.words_are_sound):
            return [Difference("keyword index with other words than the chunks", ("chunk_words",), "rebuilt", mend)]
        return []

    def _half_done(self, tables: Tables) -> Iterable[Difference]:
        half = [row.id for row in tables.documents if row.status in (documents.INDEXING, documents.DELETING)]
        if tables.half_deleted:
            names = tuple(tables.half_deleted)
            yield Difference("clients whose deletion broke off", names, "deleted", self._clients.finish_deletions)
        if half:
            problem = "documents whose indexing or deletion broke off"
            yield Difference(problem, tuple(half), "brought to an end", self._index.recover)
        if tables.abandoned:
            release = partial(self._database.write, jobs.admin_release_all, time.time())
            problem = "jobs begun by a process that is gone"
            yield Difference(problem, tuple(tables.abandoned), "released; the server goes on with them", release)

    def _unreadable(self, tables: Tables, files: Collection[str]) -> Iterable[Difference]:
        """Documents that are to be read, or to be read anew, and whose file is not there."""
        waiting = [row for row in tables.documents if row.is_waiting and row.id not in files]
        if waiting:
            mend = partial(self._database.write, _give_up, waiting)
            yield Difference("waiting documents whose file is gone", _ids(waiting), "marked as failed", mend)
        empty = [row for row in tables.documents if row.status == documents.READY and not row.chunks]
        lost = [row for row in empty if row.id not in files]
        if lost:
            mend = partial(self._database.write, _give_up, lost)
            yield Difference("ready documents without chunks and without file", _ids(lost), "marked as failed", mend)
        torn = [row for row in tables.documents if row.status == documents.READY and not row.is_whole]
        again = [row for row in torn if row.id in files]
        if again:
            mend = partial(self._database.write, _read_anew, again, time.time())
            done = "read anew from their files as soon as the server runs"
            yield Difference("ready documents that lack chunks", _ids(again), done, mend)
        partly = [row for row in torn if row.chunks and row.id not in files]
        if partly:
            yield Difference(
                "ready documents that lack chunks, without file", _ids(partly), "upload the files again to mend them"
            )

    def _unattended(self, tables: Tables, files: Collection[str]) -> Iterable[Difference]:
        """Work that nobody would do, and work without anything to do."""
        expected = {file.document_id for file in tables.open_files}
        idle = [row for row in tables.documents if row.is_waiting and row.id not in expected and row.id in files]
        if idle:
            mend = partial(self._database.write, _read_anew, idle, time.time())
            yield Difference("waiting documents without a job", _ids(idle), "queued", mend)
        known = {row.id for row in tables.documents}
        pointless = [file for file in tables.open_files if file.document_id not in known]
        if pointless:
            names = tuple(f"{file.job_id}/{file.ordinal}" for file in pointless)
            mend = partial(self._database.write, _cancel, pointless)
            yield Difference("files of open jobs without a document", names, "their jobs end", mend)

    def _nobodys_files(self, tables: Tables, files: Collection[str]) -> Iterable[Difference]:
        nobodys = nobodys_files(tables, files)
        if nobodys:
            mend = partial(self._folder.discard, nobodys)
            yield Difference("files that no document needs", tuple(nobodys), "deleted", mend)


def nobodys_files(tables: Tables, files: Collection[str]) -> list[str]:
    """Files of no document, or of one that could not be read."""
    over = (documents.FAILED, documents.EMPTY)
    return sorted(set(files) - {row.id for row in tables.documents if row.status not in over})


def lost_originals(tables: Tables, files: Collection[str]) -> Iterable[Difference]:
    """What is searched as ever, and cannot be given back as it came in."""
    lost = [row for row in tables.documents if row.status == documents.READY and row.is_whole and row.id not in files]
    if lost:
        remedy = "they are searched as before; upload them again to have them in backups"
        yield Difference("ready documents without their original file", _ids(lost), remedy, note=True)


def _ids(rows: Sequence[StoredDocument]) -> tuple[str, ...]:
    return tuple(row.id for row in rows)


def _give_up(connection: Connection, rows: Sequence[StoredDocument]) -> None:
    error = UnreadableFile("The file is gone from the server's disk, and nothing was read from it; upload it again.")
    for row in rows:
        outcome = outcomes.refused(row.filename, error, row.id)
        consistency.give_up(connection, row, outcome.status, error.code, error.detail, outcome.dump())


def _read_anew(connection: Connection, rows: Sequence[StoredDocument], now: float) -> None:
    for row in rows:
        consistency.read_anew(connection, row, f"job_{uuid.uuid4().hex}", INGEST, now)


def _cancel(connection: Connection, files: Sequence[OpenFile]) -> None:
    for file in files:
        outcome = outcomes.refused(file.filename, UploadCancelled(), file.document_id)
        consistency.settle(connection, [file], outcome.dump())
