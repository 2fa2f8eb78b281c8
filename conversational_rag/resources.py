"""What lives as long as the service: built once here, started in order, closed in reverse."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from conversational_rag.concurrency import memory
from conversational_rag.concurrency.stop_sign import StopSign
from conversational_rag.config import Settings
from conversational_rag.db import documents
from conversational_rag.db.clients import ClientRow
from conversational_rag.db.engine import Database
from conversational_rag.embedding.former import FormerModel
from conversational_rag.embedding.onnx import SHIPPED_NAME
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.embedding.recent import RecentVectors
from conversational_rag.embedding.registry import load_embedder
from conversational_rag.errors import ServiceError
from conversational_rag.ingestion.fetching.on_demand import PagesOnDemand
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.pipeline import Reader
from conversational_rag.jobs.upkeep import Chore, Upkeep
from conversational_rag.jobs.worker import Worker
from conversational_rag.llm.groq import GroqChat
from conversational_rag.llm.limits import Ledger
from conversational_rag.llm.router import ModelRouter
from conversational_rag.observability.metrics import Metrics
from conversational_rag.rag.budget import Budget
from conversational_rag.rag.chain import ConversationalRetrievalChain
from conversational_rag.rag.memory import Memory
from conversational_rag.rag.reranking.registry import make_reranker, probe_reranker
from conversational_rag.security import pepper
from conversational_rag.security.caller_limits import Allowance, CallerLimits
from conversational_rag.security.wrong_keys import WrongKeys
from conversational_rag.services.answer_cache import AnswerCache
from conversational_rag.services.audit import Audit
from conversational_rag.services.chat import Chat
from conversational_rag.services.clients import Clients
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.data_claim import data_locks
from conversational_rag.services.documents import Documents
from conversational_rag.services.erasure import Erasure
from conversational_rag.services.feedback import Ratings
from conversational_rag.services.filename_indexes import FilenameIndexes
from conversational_rag.services.ingestion import Ingestion
from conversational_rag.services.intake import INGEST, Intake
from conversational_rag.services.keys import Keys
from conversational_rag.services.library import ClientLibrary
from conversational_rag.services.publication import Publication
from conversational_rag.services.quota import Quota
from conversational_rag.services.readiness import Readiness
from conversational_rag.services.reindexing import Reindexing
from conversational_rag.services.replies import Replies
from conversational_rag.services.search import Search
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.sessions import Sessions
from conversational_rag.services.shrinking import Shrinking
from conversational_rag.services.sign_ins import SignIns
from conversational_rag.services.token_budget import TokenBudget
from conversational_rag.services.transcripts import Transcripts
from conversational_rag.services.upload_jobs import UploadJobs
from conversational_rag.services.uploads import UploadFolder
from conversational_rag.services.usage import UsageRecord
from conversational_rag.services.web_uploads import WebUploads
from conversational_rag.services.withdrawal import Withdrawal
from conversational_rag.vectorstores.registry import open_store

_MEGABYTE = 1024 * 1024
_MODEL_LIST_SECONDS = 900.0
_URL_SECONDS = 30.0
_KEY_SECONDS = 60.0
_SHRINKING_SECONDS = 15.0
# Two clients' uploads go on side by side: while one is read, the other is embedded.
_WORKER_SLOTS = 2
_log = structlog.get_logger()


def probe_models(settings: Settings) -> None:
    """Raises StartError when a model that is loaded before the first question cannot be."""
    probe_reranker(settings.reranker_model)


class Resources:
    """The composition root. Building it touches nothing; `open` does."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings, self.metrics = settings, metrics
        self.locks = data_locks(settings.data_dir, settings.session_db_path)
        self.database = Database(settings.session_db_path)
        self.pool = EmbeddingPool(
            lambda: load_embedder(
                settings.embedding_model,
                settings.embedding_threads,
                settings.embedding_query_prefix,
                settings.embedding_passage_prefix,
            ),
            self._adopt_model,
        )
        self.former_model = FormerModel(SHIPPED_NAME, lambda: load_embedder(SHIPPED_NAME, 1))
        self.questions = RecentVectors(self.pool)
        self.filename_indexes = FilenameIndexes()
        self.store = open_store(
            settings.vector_store_type, settings.vector_store_path, settings.chroma_open_collections
        )
        self.reader = Reader(
            settings.parsing_seconds,
            settings.parsing_memory_mb * _MEGABYTE,
            limits=_limits(settings),
            children=_WORKER_SLOTS,
        )
        self.ledger, self.quota = Ledger(), Quota(self.database)
        self.models = _build_models(settings, self.ledger, self.quota, metrics)
        self.reranker = make_reranker(settings.reranker_model, settings.embedding_threads, self.models)
        self.index = SearchIndex(self.database, self.store)
        self.reindexing = Reindexing(self.database, self.index, self.pool)
        self.conversations = Conversations(
            self.database, ttl_seconds=settings.session_ttl, max_cached=settings.max_cached_sessions
        )
        self.sessions, self.transcripts = Sessions(self.database, self.conversations), Transcripts(self.database)
        self.feedback = Ratings(self.database, self.conversations.now)
        self.usage = UsageRecord(self.database, self.conversations.now)
        self.token_budget = TokenBudget(self.database, settings.tokens_per_day, self.conversations.now)
        self.caller_limits, self.wrong_keys = CallerLimits(_allowance(settings)), WrongKeys()
        self.audit = Audit(self.database, settings.audit_days, self.conversations.now)
        self.answer_cache = AnswerCache(settings.answer_cache_size)
        self.uploads = UploadFolder(
            settings.data_dir / "uploads",
            settings.max_file_bytes,
            settings.min_free_disk_mb * _MEGABYTE,
        )
        self.erasure = Erasure(self.database)
        self.clients = Clients(
            self.database, self.index, self.pool, self.conversations, self.answer_cache, self.uploads, self.erasure
        )
        now = self.conversations.now
        self.intake = Intake(self.database, self.pool, self.uploads, now)
        self.withdrawal = Withdrawal(self.database, self.index, self.uploads, now)
        publication = Publication(self.database, self.index, self.withdrawal)
        self.ingestion = Ingestion(self.database, self.pool, self.reader, self.uploads, publication, now, metrics)
        self.stop_sign = StopSign()
        self.worker = Worker(
            self.database,
            {INGEST: self.ingestion},
            slots=_WORKER_SLOTS,
            is_stopping=lambda: self.stop_sign.is_up,
        )
        self.upload_jobs = UploadJobs(self.database, self.ingestion.progress, now, self.stop_sign)
        self.documents = Documents(self.database, self.index, self.uploads, self.erasure, now)
        self.web_uploads = WebUploads(_web_pages(settings) if settings.url_ingestion else None, self.uploads)
        self.chat = Chat(
            self.clients,
            self.conversations,
            ConversationalRetrievalChain(
                self.models,
                settings.top_k,
                Budget.usual(settings.top_k, settings.max_token_limit),
                self.pool,
                self.reranker,
            ),
            Memory(settings.memory_type, settings.max_token_limit, settings.memory_window),
            self._library,
            metrics,
            self.answer_cache,
            self.usage,
            self.token_budget,
            self.questions,
        )
        self.search = Search(self.clients, self._library, self.questions, self.reranker)
        self.replies = Replies(self.database, self.chat, now)
        self.readiness = Readiness(
            self.database,
            self.index,
            self.uploads,
            self.pool,
            self.reindexing,
            self.models,
        )
        self.upkeep = Upkeep(
            Chore("session_cleanup", self.sessions.cleanup, settings.cleanup_interval),
            Chore("usage_cleanup", self.usage.cleanup, settings.cleanup_interval),
            Chore("deletions", self.clients.finish_deletions, settings.cleanup_interval),
            Chore("withdrawals", self.withdrawal.finish_all, settings.cleanup_interval),
            Chore("reply_cleanup", self.replies.cleanup, settings.cleanup_interval),
            Chore("erasure", self.erasure.run_next, 0),
            Chore("shrinking", Shrinking(self.database).run, _SHRINKING_SECONDS),
            Chore("job_cleanup", self.upload_jobs.cleanup, settings.cleanup_interval),
            Chore("keys", self._tidy_keys, _KEY_SECONDS),
            Chore("audit_cleanup", self.audit.cleanup, settings.cleanup_interval),
            Chore("index_rebuild", self.index.rebuild_next, 0),
            Chore("reindexing", self._reindex_next, 0),
            Chore("models", self.readiness.list_models, _MODEL_LIST_SECONDS),
        )
        self._recovers, self._is_open = True, False
        self._warming: asyncio.Task[None] | None = None

    async def open(self, *, upkeep: bool = True, recover: bool = True) -> None:
        """Take the data directory, bring it up to date, begin the upkeep. Raises StartError.

        Not `recover`: what a crash left half done stays as it is, for somebody who looks at it.
        """
        self._recovers = recover
        if self.reranker is not None:
            await self.reranker.start()
        self.locks.acquire()
        await self.database.migrate()
        secret = await asyncio.to_thread(pepper.load, self.settings.key_pepper, self.settings.data_dir)
        self.keys = Keys(self.database, secret, self.conversations.now)
        self.sign_ins = SignIns(self.database, self.keys, self.settings.sign_in_hours * 3600)
        self._is_open = True
        self.ledger.restore(await self.quota.load())
        if recover:
            await self.index.recover()
            await asyncio.to_thread(self.uploads.prepare, await self.database.read(documents.admin_ids_with_file))
        if upkeep:
            self.upkeep.start()
            await self.worker.start()
        # Not waited for: the service answers /health at once, and /readyz tells when the rest is there.
        self._warming = asyncio.create_task(self._warm_up())

    async def warmed_up(self) -> None:
        """Wait until the model is loaded and the dependencies have been tried once."""
        if self._warming is not None:
            await self._warming

    async def close(self) -> None:
        """Let what runs come to its end, then stop everything in the reverse order."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        await self.upkeep.stop()
        await self.worker.stop()
        await self.chat.close()
        if self._is_open:
            await self._store_key_uses()
        await self.audit.close()
        await self.models.close()
        await self.quota.close()
        await self.reader.close()
        if self.reranker is not None:
            await self.reranker.close()
        await self.pool.close()
        await self.former_model.close()
        await self.store.close()
        await self.database.close()
        self.locks.release()

    def _library(self, client: ClientRow) -> ClientLibrary:
        return ClientLibrary(
            client, self.database, self.index, self.questions, self.former_model, self.filename_indexes
        )

    async def _adopt_model(self, fingerprint: str) -> None:
        """Not where somebody only looks at what is there."""
        if self._recovers:
            await self.reindexing.adopt(fingerprint)

    async def _store_key_uses(self) -> None:
        try:
            await self.keys.store_uses()
        except ServiceError as error:
            _log.warning("key_uses_not_stored", reason=str(error))

    async def _tidy_keys(self) -> None:
        await self.keys.store_uses()
        await self.sign_ins.cleanup()

    async def _reindex_next(self) -> None:
        await self.reindexing.run_next()
        if not (await self.reindexing.remaining())[0]:
            await self.former_model.close()

    async def _warm_up(self) -> None:
        """Side by side: the model is loaded on one core while the other starts Chroma's process."""
        await asyncio.gather(*map(_try_out, (self.pool.start, self.index.ping, self.readiness.list_models)))
        # Reading the model and the tokenizer's file leaves 10 MB behind that nothing else would use.
        await asyncio.to_thread(memory.give_back)


async def _try_out(part: Callable[[], Awaitable[None]]) -> None:
    try:
        await part()
    except ServiceError as error:
        _log.warning("not_ready_yet", reason=str(error))


def _allowance(settings: Settings) -> Allowance:
    return Allowance(settings.requests_per_minute, settings.uploads_per_hour, settings.streams_at_once)


def _limits(settings: Settings) -> Limits:
    return Limits(
        pages=settings.max_pages,
        characters=settings.max_characters,
        chunks=settings.max_chunks,
        unpacked_bytes=settings.max_unpacked_mb * _MEGABYTE,
        unpacked_ratio=settings.max_unpacked_ratio,
        parts=settings.max_parts,
    )


def _web_pages(settings: Settings) -> PagesOnDemand:
    return PagesOnDemand(max_bytes=settings.max_file_bytes, seconds=_URL_SECONDS)


def _build_models(settings: Settings, ledger: Ledger, quota: Quota, metrics: Metrics) -> ModelRouter:
    chat = None
    if settings.groq_api_key is not None:
        chat = GroqChat.connect(
            api_key=settings.groq_api_key,
            base_url=settings.groq_api_base,
            temperature=settings.temperature,
            timeout_seconds=settings.llm_timeout,
        )
    return ModelRouter(
        chat,
        settings.models,
        max_output_tokens=settings.max_output_tokens,
        patience_seconds=settings.llm_max_wait,
        ledger=ledger,
        store=quota,
        metrics=metrics,
    )


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, metrics: Metrics | None = None, *, upkeep: bool = True, recover: bool = True
) -> AsyncIterator[Resources]:
    """`async with opened(settings) as resources: …`"""
    resources = Resources(settings, metrics or Metrics())
    try:
        await resources.open(upkeep=upkeep, recover=recover)
        yield resources
    finally:
        await resources.close()
