"""An upload's road without HTTP, Chroma and the model: a real database, and stand-ins that can be held and broken."""

import asyncio
import io
from dataclasses import dataclass, field
from pathlib import Path

from memory_store import MemoryStore
from sqlalchemy import text
from toy_embedder import ToyEmbedder

from conversational_rag.concurrency.stop_sign import StopSign
from conversational_rag.db import chunks, documents
from conversational_rag.db.documents import DocumentRow
from conversational_rag.db.engine import Database
from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import InternalError, NoText, ServiceError
from conversational_rag.ingestion.loaders.base import Kind, Page
from conversational_rag.ingestion.pipeline import ParsedFile
from conversational_rag.ingestion.splitting import Chunk
from conversational_rag.jobs.pace import Pace
from conversational_rag.jobs.worker import Worker
from conversational_rag.observability.metrics import Metrics
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.answer_cache import AnswerCache
from conversational_rag.services.clients import Clients
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.documents import Documents
from conversational_rag.services.erasure import Erasure
from conversational_rag.services.ingestion import Ingestion
from conversational_rag.services.intake import INGEST, Accepted, Intake, Splitting
from conversational_rag.services.outcomes import Outcome
from conversational_rag.services.publication import Publication
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.upload_jobs import UploadJob, UploadJobs
from conversational_rag.services.uploads import Upload, UploadFolder
from conversational_rag.services.withdrawal import Withdrawal

ACME, BETA = Tenant("acme"), Tenant("beta")
SPLITTING = Splitting(1000, 200)
# A job that failed is due again at once, and whoever waits looks often.
QUICK = Pace(idle_seconds=0.02, look_seconds=0.02, first_pause_seconds=0.0)


@dataclass
class Gate:
    """Open until it is shut; tells when somebody stands before it."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def passed(self) -> None:
        self.reached.set()
        await self.open.wait()

    def shut(self) -> None:
        self.open.clear()
        self.reached.clear()


class PlainReader:
    """Reads text, a paragraph a chunk and a form feed a page; `faults` are raised first, one a call."""

    def __init__(self) -> None:
        self.gate, self.read_names = Gate(), list[str]()
        self.faults: list[BaseException] = []

    async def read(self, path: Path, filename: str, chunk_size: int, chunk_overlap: int) -> ParsedFile:
        self.read_names.append(filename)
        await self.gate.passed()
        if self.faults:
            raise self.faults.pop(0)
        try:
            content = await asyncio.to_thread(path.read_text)
        except FileNotFoundError as error:
            raise InternalError from error
        pages = [Page(number, each) for number, each in enumerate(content.split("\f"), start=1)]
        parts = [(page, part) for page in pages for part in page.text.split("\n\n") if part.strip()]
        if not parts:
            raise NoText(pages=len(pages))
        pieces = tuple(Chunk(n, page.number, 0, part, None) for n, (page, part) in enumerate(parts))
        return ParsedFile(Kind.TXT, len(pages), tuple(pages), pieces)


class GatedPool(EmbeddingPool):
    """The toy embedder, which can be held; `faults` are raised first, one a call."""

    def __init__(self) -> None:
        super().__init__(ToyEmbedder)
        self.gate = Gate()
        self.faults: list[BaseException] = []

    async def embed_passages(self, texts, on_progress=None) -> Vectors:  # type: ignore[no-untyped-def]
        await self.gate.passed()
        if self.faults:
            raise self.faults.pop(0)
        return await super().embed_passages(texts, on_progress)


class GatedStore(MemoryStore):
    """The store in memory, which can be held when it is added to; `add_faults` are raised after an add, one a call."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.add_faults: list[BaseException] = []

    async def add(self, tenant, ids, vectors, metadata) -> None:  # type: ignore[no-untyped-def]
        await self.gate.passed()
        await super().add(tenant, ids, vectors, metadata)
        if self.add_faults:
            raise self.add_faults.pop(0)


class Workshop:
    """Everything an upload meets. `restarted` is the same data after the process has gone."""

    def __init__(self, folder: Path, store: GatedStore | None = None, pace: Pace = QUICK) -> None:
        self.root, self.pace = folder, pace
        self.database = Database(folder / "sessions.db")
        self.store = store or GatedStore()
        self.reader, self.pool, self.metrics = PlainReader(), GatedPool(), Metrics()
        self.index = SearchIndex(self.database, self.store)
        self.folder = UploadFolder(folder / "uploads", 1000)
        self.time = 1000.0
        conversations = Conversations(self.database, ttl_seconds=0, max_cached=10, now=self.now)
        erasure = Erasure(self.database)
        self.clients = Clients(
            self.database, self.index, self.pool, conversations, AnswerCache(1), self.folder, erasure
        )
        self.intake = Intake(self.database, self.pool, self.folder, self.now)
        self.withdrawal = Withdrawal(self.database, self.index, self.folder, self.now)
        publication = Publication(self.database, self.index, self.withdrawal)
        self.ingestion = Ingestion(
            self.database,
            self.pool,
            self.reader,  # type: ignore[arg-type]
            self.folder,
            publication,
            self.now,
            self.metrics,
        )
        self.worker = Worker(self.database, {INGEST: self.ingestion}, pace=pace, clock=self.now)
        self.jobs = UploadJobs(self.database, self.ingestion.progress, self.now, StopSign())
        self.documents = Documents(self.database, self.index, self.folder, erasure, self.now)

    def now(self) -> float:
        """Each look at the clock is a little later than the one before."""
        self.time += 0.001
        return self.time

    async def open(self, *, work: bool = True) -> "Workshop":
        await self.database.migrate()
        await self.index.recover()
        self.folder.prepare(await self.database.read(documents.admin_ids_with_file))
        if work:
            await self.worker.start()
        return self

    async def close(self) -> None:
        for gate in (self.reader.gate, self.pool.gate, self.store.gate):
            gate.open.set()
        await self.worker.stop()
        await self.pool.close()
        await self.database.close()

    async def restarted(self) -> "Workshop":
        """After a crash: what was in memory is gone, whoever held a lease too."""
        for serving in self.worker._serving:
            serving.cancel()
        await asyncio.gather(*self.worker._serving, return_exceptions=True)
        await self.pool.close()
        await self.database.close()
        self.store.gate.open.set()
        after = Workshop(self.root, self.store, self.pace)
        after.time = self.time
        return await after.open()

    async def received(self, name: str, content: str) -> Upload:
        return await self.folder.receive(name, io.BytesIO(content.encode()))

    async def send(self, tenant: Tenant | None, *files: tuple[str, str], key: str | None = None) -> Accepted:
        uploads = [await self.received(*file) for file in files]
        return await self.intake.accept(tenant, uploads, SPLITTING, key)

    async def ended(self, accepted: Accepted) -> UploadJob:
        """Wait for the job's end, through put-offs too."""
        while True:
            try:
                await self.worker.finished(accepted.tenant, accepted.job_id)
            except ServiceError:
                await asyncio.sleep(0)
            else:
                return await self.jobs.find(accepted.tenant, accepted.job_id)

    async def store_file(self, tenant: Tenant, name: str, content: str) -> Outcome:
        return (await self.ended(await self.send(tenant, (name, content)))).files[0]

    async def rows(self, tenant: Tenant = ACME) -> list[DocumentRow]:
        return sorted(await self.database.read(documents.list_page, tenant, 1000), key=lambda row: row.filename)

    async def found(self, tenant: Tenant, words: str) -> list[str]:
        """The texts that a search shows, best first."""
        hits = await self.index.search(tenant, await self.pool.embed_query(words), 3)
        shown = await self.database.read(chunks.get, tenant, [hit.chunk_id for hit in hits])
        return [shown[hit.chunk_id].text for hit in hits if hit.chunk_id in shown]

    async def rebuild_all(self) -> None:
        while self.index.stale_clients:
            await self.index.rebuild_next()

    async def query(self, sql: str) -> list[tuple[object, ...]]:
        return await self.database.read(lambda connection: [tuple(row) for row in connection.execute(text(sql))])

    async def assert_nothing_is_orphaned(self, tenant: Tenant = ACME) -> None:
        """Rows, files and vectors belong to documents that are there; nothing is on its way or in doubt."""
        await self.rebuild_all()
        rows = await self.rows(tenant)
        assert {row.status for row in rows} <= {"ready", "failed", "empty"}
        ready = [row for row in rows if row.status == "ready"]
        assert self.folder.names() == {row.id for row in ready}
        ids = [row[0] for row in await self.query(f"SELECT id FROM chunks WHERE client_id = '{tenant.client_id}'")]
        assert len(ids) == sum(row.chunks for row in ready)
        assert sorted(self.store.collections.get(tenant, {})) == sorted(ids)
        assert await self.query("SELECT client_id FROM clients WHERE index_dirty = 1") == []
        assert await self.query("SELECT id FROM documents WHERE status NOT IN ('ready', 'failed', 'empty')") == []
        assert await self.query("SELECT id FROM jobs WHERE state <> 'done'") == []
        homeless = "SELECT 1 FROM pages WHERE document_id NOT IN (SELECT id FROM documents WHERE status = 'ready')"
        assert await self.query(homeless) == []
        assert self.ingestion.progress == {}
        assert len(self.worker._waiting) == 0
