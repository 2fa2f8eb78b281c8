"""The stand of the clients benchmark: thousands of clients, stored as an upload stores them, with random vectors."""

import asyncio
import itertools
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from benchmarks.processes import cpu_seconds
from conversational_rag.config import Settings
from conversational_rag.db import chunks, clients, documents, stages
from conversational_rag.db.chunks import NewChunk
from conversational_rag.db.documents import NewDocument
from conversational_rag.db.engine import Connection
from conversational_rag.db.jobs import JobFile
from conversational_rag.db.stages import Findings
from conversational_rag.resources import Resources, opened
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.publication import FileTask, Publication

_FILENAME, _CHUNK_CHARACTERS = "notes.txt", 1000
_WORDS, _COMMON = 20_000, 100
_SYLLABLES = ["".join(pair) for pair in itertools.product("bdfgklmnprstv", "aeiou")]
_BEAT_SECONDS, _IDLE_SECONDS = 0.005, 3.0


class Language:
    """Made-up words, as frequent as those of a real language: the n-th in line comes one n-th as often as the first.

    The words are always the same; `seed` is that of what is said with them.
    """

    def __init__(self, seed: int = 0) -> None:
        spelling, self._random = random.Random(0), random.Random(seed)
        self._words = ["".join(spelling.choices(_SYLLABLES, k=3)) for _ in range(_WORDS)]
        self._weights = list(itertools.accumulate(1 / rank for rank in range(1, _WORDS + 1)))

    def text(self) -> str:
        """A chunk of 1,000 characters."""
        words = self._random.choices(self._words, cum_weights=self._weights, k=_CHUNK_CHARACTERS // 7)
        return " ".join(words) + "."

    def question(self) -> str:
        """Eight words, none of the hundred most frequent, which a retriever would pass over."""
        words = iter(lambda: self._random.choices(self._words, cum_weights=self._weights)[0], None)
        common = set(self._words[:_COMMON])
        return " ".join(itertools.islice((word for word in words if word not in common), 8)) + "?"


class LoopLag:
    """How late a loop comes back that should every five milliseconds; in milliseconds."""

    def __init__(self) -> None:
        self.late: list[float] = []

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch for as long as it is open."""
        beating = asyncio.create_task(self._beat())
        yield
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(_BEAT_SECONDS)
            self.late.append((time.perf_counter() - started - _BEAT_SECONDS) * 1e3)


def settings_of(folder: Path) -> Settings:
    """Those of a server over this folder."""
    return Settings(_env_file=None, data_dir=folder / "data", vector_store_path=folder / "chroma_db")


def names(clients: int) -> Iterator[Tenant]:
    """The clients' names, in the order in which they are made."""
    return (Tenant(f"client_{number:06d}") for number in range(clients))


@dataclass(frozen=True, slots=True)
class Filled:
    """Milliseconds: what each client's creation took, all processes' CPU for it, how late the loop was meanwhile and
    before, with nothing to do."""

    taken: list[float]
    cpu: list[float]
    late: list[float]
    late_idle: list[float]


async def fill(folder: Path, count: int, chunk_count: int) -> Filled:
    """Make the clients."""
    language, idle, lag, taken, cpu = Language(), LoopLag(), LoopLag(), list[float](), list[float]()
    async with opened(settings_of(folder), upkeep=False) as resources:
        await resources.warmed_up()
        publication = Publication(resources.database, resources.index, resources.withdrawal)
        async with idle.watched():
            await asyncio.sleep(_IDLE_SECONDS)
        for number, tenant in enumerate(names(count)):
            texts = [language.text() for _ in range(chunk_count)]
            vectors = unit_vectors(chunk_count, resources.pool.dimensions, number)
            started, spent = time.perf_counter(), cpu_seconds(os.getpid())
            async with lag.watched():
                await _store(resources, publication, tenant, texts, vectors)
            taken.append((time.perf_counter() - started) * 1e3)
            cpu.append((cpu_seconds(os.getpid()) - spent) * 1e3)
    return Filled(taken, cpu, lag.late, idle.late)


def unit_vectors(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Random directions."""
    rows = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    vectors: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


async def _store(
    resources: Resources, publication: Publication, tenant: Tenant, texts: list[str], vectors: np.ndarray
) -> None:
    """From the file's arrival to its being found; only reading and embedding are left out."""
    now = resources.conversations.now()
    upload = await resources.uploads.receive(_FILENAME, BytesIO(" ".join(texts).encode()))
    size = len(texts) * _CHUNK_CHARACTERS
    new = NewDocument(
        upload.document_id, _FILENAME, upload.sha256, "txt", upload.bytes, None, size, _CHUNK_CHARACTERS, 200, now
    )
    pieces = [
        NewChunk(ordinal, None, ordinal * 800, "notes", text, vector)
        for ordinal, (text, vector) in enumerate(zip(texts, vectors, strict=True))
    ]
    await resources.database.write(_insert, tenant, resources.pool.fingerprint, new, pieces, now)
    await publication.publish([FileTask("", tenant, JobFile(0, _FILENAME, new.id))], {})


def _insert(
    connection: Connection,
    tenant: Tenant,
    fingerprint: str,
    new: NewDocument,
    pieces: list[NewChunk],
    now: float,
) -> None:
    clients.create(connection, tenant, fingerprint, now)
    documents.insert_new(connection, tenant, new)
    stages.begin(connection, tenant, new.id)
    stages.set_findings(connection, tenant, new.id, Findings("txt", None, 0, new.characters, "{}"))
    chunks.insert_all(connection, tenant, new.id, pieces)
