"""Transcripts: a session as a Markdown document, whose structure no title, message or file name can change.

Messages are block quotes. What could reach out of one is taken its meaning: HTML, and definitions of links and
footnotes, which hold for a whole document. Emphasis, lists and code stay what they are.
"""

import json
import re
import unicodedata
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from conversational_rag.db import titled_sessions
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.messages import PARTIAL, USER, MessageRow
from conversational_rag.db.messages import list_all as list_messages
from conversational_rag.db.titled_sessions import TitledSession
from conversational_rag.security.principals import Reach
from conversational_rag.services.sessions import find_within

_SLICE = 200
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|!~&])")
_LINE_ENDS = re.compile(r"\r\n?|\n")
_BACKTICKS = re.compile("`+")
_NOT_IN_FILENAMES = re.compile(r'[\\/:*?"<>|]+')
_MOST_FILENAME_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Transcript:
    """A document as it is written: a name for its file, and its parts."""

    filename: str
    parts: AsyncGenerator[str, None]


class Transcripts:
    """Writes sessions down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, reach: Reach, session_id: str) -> Transcript:
        """The session as a document. Raises SessionNotFound, before any part of it is read."""
        found, first = await self._database.read(_begin, reach, session_id)
        return Transcript(f"{filename(found.title)}.md", self._parts(found, first))

    async def _parts(self, found: TitledSession, rows: list[MessageRow]) -> AsyncGenerator[str, None]:
        yield head(found)
        read = 0
        while rows:
            yield "".join(section(row) for row in rows)
            read += len(rows)
            rows = await self._database.read(list_messages, found.session.session_id, _SLICE, read)


def filename(title: str) -> str:
    """The title as the name of a file, without an ending."""
    plain = "".join(char for char in title if unicodedata.category(char)[0] != "C")
    name = _NOT_IN_FILENAMES.sub("-", plain)[:_MOST_FILENAME_CHARACTERS].strip(" .-")
    return name or "conversation"


def head(found: TitledSession) -> str:
    """The title, and what there is to say of the whole."""
    session = found.session
    return (
        f"# {_plain(found.title)}\n\n"
        f"- Client: {_code(session.tenant.client_id)}\n"
        f"- Session: {_code(session.session_id)}\n"
        f"- Begun: {_time(session.created_at)}\n"
        f"- Last used: {_time(session.last_accessed)}\n"
        f"- Messages: {session.message_count}\n"
    )


def section(message: MessageRow) -> str:
    """A question or an answer, with what the answer rested on."""
    kind = "Question" if message.role == USER else "Answer"
    notes = [_time(message.timestamp)]
    if message.model:
        notes.append(_plain(message.model))
    if message.status == PARTIAL:
        notes.append("broken off")
    return f"\n## {kind}\n\n{', '.join(notes)}\n\n{quoted(message.content)}\n{_sources(message.sources)}"


def quoted(text: str) -> str:
    """The text as a block quote, line by line."""
    tamed = text.replace("<", "&lt;").replace("]:", r"]\:")
    return "\n".join(f"> {line}".rstrip(" ") for line in _LINE_ENDS.split(tamed))


def _begin(connection: Connection, reach: Reach, session_id: str) -> tuple[TitledSession, list[MessageRow]]:
    found = titled_sessions.titled(connection, find_within(connection, reach, session_id))
    return found, list_messages(connection, session_id, _SLICE, 0)


def _sources(stored: str | None) -> str:
    sources: Sequence[Mapping[str, Any]] = json.loads(stored or "[]")
    if not sources:
        return ""
    lines = (f"{number}. {_source(source)}\n" for number, source in enumerate(sources, start=1))
    return f"\nSources:\n\n{''.join(lines)}"


def _source(source: Mapping[str, Any]) -> str:
    where = [_code(str(source["filename"]))]
    if source.get("page") is not None:
        where.append(f"page {source['page']}")
    if source.get("place"):
        where.append(_plain(str(source["place"])))
    return ", ".join(where)


def _plain(text: str) -> str:
    """On one line, with every sign that Markdown knows escaped."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """On one line, as it is: the fence is longer than any in it."""
    line = " ".join(text.split())
    fence = "`" * (max(map(len, _BACKTICKS.findall(line)), default=0) + 1)
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
