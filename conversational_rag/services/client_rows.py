"""The rows of a client that arrives: read line by line, given ids that are free here, and stored in one transaction."""

import json
import math
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from conversational_rag.db import records, session_texts, sessions
from conversational_rag.db.documents import EMPTY, FAILED, READY
from conversational_rag.db.engine import Connection
from conversational_rag.db.messages import ASSISTANT, RATINGS, USER
from conversational_rag.db.records import Record
from conversational_rag.db.spelling import further_words
from conversational_rag.db.titles import automatic
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.backup import FILES
from conversational_rag.services.client_export import VECTORS, rows_name

_BATCH = 500
DOCUMENT_ID = re.compile(r"doc_[0-9a-f]{32}")
_SESSION_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came in; `renamed`: the sessions whose ids were another client's, and their new ones."""

    tenant: Tenant
    documents: int
    chunks: int
    sessions: int
    files: int
    embedded_anew: bool
    renamed: dict[str, str]


@dataclass(frozen=True, slots=True)
class Arriving:
    """An archive of a client that lies unpacked in `stage`; its vectors are this instance's model's."""

    stage: Path
    uploads: Path
    tenant: Tenant
    fingerprint: str
    dimensions: int
    now: float

    def rows(self, kind: str) -> Iterator[Record]:
        """The rows of a kind, with those columns that this version has."""
        known = records.columns(kind)
        with (self.stage / rows_name(kind)).open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield {name: _plain(row[name]) for name in known if name in row}

    def vectors(self) -> Iterator[bytes]:
        """The vectors of the chunks, in their order."""
        with (self.stage / VECTORS).open("rb") as file:
            while vector := file.read(4 * self.dimensions):
                yield vector


@dataclass(slots=True)
class _Ids:
    """The new ids by the old ones."""

    documents: dict[str, str]
    sessions: dict[str, str]
    messages: dict[int, int] = field(default_factory=dict)

    def in_text(self, text: str) -> str:
        """The text with the documents that it names."""
        for old, new in self.documents.items():
            if old != new:
                text = text.replace(old, new)
        return text


def insert_client(connection: Connection, arriving: Arriving, anew: bool) -> Imported:
    """Store all of it, and take the originals over. Raises KeyError, TypeError or ValueError when rows do not fit."""
    ids = _new_ids(connection, arriving)
    records.insert_client(connection, arriving.tenant, arriving.now, arriving.fingerprint, arriving.now)
    _insert_documents(connection, arriving, ids)
    chunks = _insert_chunks(connection, arriving, ids)
    _insert_sessions(connection, arriving, ids)
    own = ({**row, "client_id": arriving.tenant.client_id} for row in _without_id(arriving.rows("usage")))
    _in_batches(connection, "usage", own)
    files = _take_files(arriving, ids)
    renamed = {old: new for old, new in ids.sessions.items() if old != new}
    return Imported(arriving.tenant, len(ids.documents), chunks, len(ids.sessions), files, anew, renamed)


def _new_ids(connection: Connection, arriving: Arriving) -> _Ids:
    documents = [_matching(DOCUMENT_ID, row["id"]) for row in arriving.rows("documents")]
    session_ids = [_matching(_SESSION_ID, row["session_id"]) for row in arriving.rows("sessions")]
    used = records.taken(connection, "documents", documents)
    # A file that lies there without a row is another's leftover, or a later one's.
    used |= {each for each in documents if (arriving.uploads / each).exists()}
    taken = records.taken(connection, "sessions", session_ids)
    return _Ids(
        {each: f"doc_{uuid.uuid4().hex}" if each in used else each for each in documents},
        {each: str(uuid.uuid4()) if each in taken else each for each in session_ids},
    )


def _insert_documents(connection: Connection, arriving: Arriving, ids: _Ids) -> None:
    rows = []
    for row in arriving.rows("documents"):
        if row["status"] not in (READY, FAILED, EMPTY):
            raise ValueError(row["status"])
        rows.append({**row, "id": ids.documents[row["id"]], "client_id": arriving.tenant.client_id})
    records.insert_rows(connection, "documents", rows)
    pages = ({**row, "document_id": ids.documents[row["document_id"]]} for row in arriving.rows("pages"))
    _in_batches(connection, "pages", pages)


def _insert_chunks(connection: Connection, arriving: Arriving, ids: _Ids) -> int:
    rows = (
        {
            **row,
            "document_id": ids.documents[row["document_id"]],
            "client_id": arriving.tenant.client_id,
            "vector": _whole(vector, arriving.dimensions),
            # Not taken over: this version's keyword index may spell words in another way.
            "words": further_words(f"{row['title']}\n{row['text']}"),
        }
        for row, vector in zip(_without_id(arriving.rows("chunks")), arriving.vectors(), strict=True)
    )
    return _in_batches(connection, "chunks", rows)


def _insert_sessions(connection: Connection, arriving: Arriving, ids: _Ids) -> None:
    rows = [
        {**row, "session_id": ids.sessions[row["session_id"]], "client_id": arriving.tenant.client_id}
        for row in arriving.rows("sessions")
    ]
    records.insert_rows(connection, "sessions", rows)
    # The first message that is still sent to the model may itself have gone: what counts is the last one before it.
    starts = {row["session_id"]: 0 for row in rows}
    titles = {row["session_id"]: str(row["title"]) for row in rows if row.get("title")}
    memory = {row["session_id"]: (int(row["memory_start"]), str(row["summary"])) for row in rows}
    for row in arriving.rows("messages"):
        old, session_id = int(row.pop("id")), ids.sessions[row["session_id"]]
        row["reply_to"] = ids.messages.get(row["reply_to"]) if row["reply_to"] else None
        row["sources"] = ids.in_text(row["sources"]) if row["sources"] else None
        _put_rating(row)
        ids.messages[old] = records.insert_message(connection, {**row, "session_id": session_id})
        if row["role"] == USER:
            titles.setdefault(session_id, automatic(str(row["content"])))
        if old <= memory[session_id][0]:
            starts[session_id] = ids.messages[old]
    for session_id, start in starts.items():
        sessions.set_memory(connection, session_id, start, memory[session_id][1])
        session_texts.add(connection, session_id, session_texts.TITLE, titles.get(session_id) or session_id)


def _put_rating(row: Record) -> None:
    """As this version knows it, or none. Raises ValueError for what it could not show."""
    rating = row.get("rating")
    if rating is None:
        row.update(rating=None, comment=None, rated_at=None)
        return
    rated_at = float(row["rated_at"])
    if row["role"] != ASSISTANT or rating not in RATINGS or not math.isfinite(rated_at):
        raise ValueError(rating)
    row.update(comment=str(row["comment"] or ""), rated_at=rated_at)


def _take_files(arriving: Arriving, ids: _Ids) -> int:
    """The last step before the rows are committed; a crash in between leaves files that the next start removes."""
    arriving.uploads.mkdir(parents=True, exist_ok=True)
    files = [path for path in (arriving.stage / FILES).iterdir() if path.name in ids.documents]
    for path in files:
        path.rename(arriving.uploads / ids.documents[path.name])
    return len(files)


def _in_batches(connection: Connection, kind: str, rows: Iterator[Record]) -> int:
    count = 0
    while batch := list(islice(rows, _BATCH)):
        records.insert_rows(connection, kind, batch)
        count += len(batch)
    return count


def _without_id(rows: Iterator[Record]) -> Iterator[Record]:
    return ({name: value for name, value in row.items() if name != "id"} for row in rows)


def _plain(value: Any) -> Any:
    if value is not None and not isinstance(value, (str, int, float)):
        raise TypeError(value)
    return value


def _matching(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(value)
    return value


def _whole(vector: bytes, dimensions: int) -> bytes:
    if len(vector) != 4 * dimensions or not np.isfinite(np.frombuffer(vector, "<f4")).all():
        raise ValueError("a vector is cut off or holds no numbers")
    return vector
