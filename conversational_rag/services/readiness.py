"""Readiness: how each thing is that the service depends on, asked now."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from conversational_rag.db.engine import Database
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import ServiceError
from conversational_rag.llm.router import ModelRouter
from conversational_rag.services.reindexing import Reindexing
from conversational_rag.services.search_index import SearchIndex
from conversational_rag.services.uploads import UploadFolder


@dataclass(frozen=True, slots=True)
class State:
    """How a dependency is: ok, starting, degraded or down. Not `needed`: the service answers without it."""

    status: str
    needed: bool
    detail: str | None = None


class Readiness:
    """The states of the dependencies, by name."""

    def __init__(
        self,
        database: Database,
        index: SearchIndex,
        uploads: UploadFolder,
        pool: EmbeddingPool,
        reindexing: Reindexing,
        models: ModelRouter,
    ) -> None:
        self._database, self._index, self._uploads = database, index, uploads
        self._pool, self._reindexing, self._models = pool, reindexing, models
        self._model_trouble: str | None = None

    async def states(self) -> dict[str, State]:
        """Each dependency's state, asked now."""
        database, vectors, uploads = await asyncio.gather(
            _ping(self._database.ping, needed=True),
            _ping(self._index.ping, needed=False),
            _ping(self._uploads.ping, needed=False),
        )
        return {
            "database": database,
            "vector_store": self._vector_state(vectors),
            "uploads": uploads,
            "embedding": await self._embedding_state(),
            "language_model": self._model_state(),
        }

    async def list_models(self) -> None:
        """Ask the provider what there is; what it says, or why it does not, is what /readyz tells."""
        try:
            await self._models.refresh()
        except ServiceError as error:
            self._model_trouble = error.detail
            raise
        self._model_trouble = None

    async def _embedding_state(self) -> State:
        if not self._pool.ready:
            return State("starting", True, "the model is being loaded")
        clients, passages = await self._reindexing.remaining()
        if not clients:
            return State("ok", True)
        waiting = f"{passages} passages of {clients} clients are still to be embedded with EMBEDDING_MODEL"
        return State("degraded", False, f"{waiting}; until then the former vectors or the words alone find")

    def _vector_state(self, ping: State) -> State:
        if ping.status == "ok" and self._index.stale_clients:
            waiting = f"{self._index.stale_clients} clients are searched exactly while their index is rebuilt"
            return State("degraded", False, waiting)
        return ping

    def _model_state(self) -> State:
        if not self._models.has_key:
            return State("degraded", False, "GROQ_API_KEY is not set: answers quote the passages")
        states = self._models.states()
        usable = [name for name, state in states.items() if state.available]
        if self._model_trouble is not None:
            return State("degraded", False, self._model_trouble)
        if not usable:
            waits = ", ".join(f"{name} {state.available_in_seconds:.0f} s" for name, state in states.items())
            return State("degraded", False, f"no model can be asked now, answers quote the passages: {waits}")
        return State("ok", False, f"asked next: {usable[0]}")


async def _ping(ping: Callable[[], Awaitable[None]], *, needed: bool) -> State:
    try:
        await ping()
    except ServiceError as error:
        return State("down", needed, error.detail)
    return State("ok", needed)
