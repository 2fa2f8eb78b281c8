"""The model before: while its vectors are replaced, a question is still asked in its terms, when it can be had."""

from collections.abc import Callable, Sequence

from conversational_rag.embedding.base import Embedder, Vectors
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.embedding.recent import RecentVectors


class FormerModel:
    """A model that is at hand whatever EMBEDDING_MODEL names: the shipped one. Loaded when it is asked for."""

    def __init__(self, name: str, load: Callable[[], Embedder]) -> None:
        """Fingerprints of the model begin with its name and an @."""
        self._prefix, self._load = f"{name}@", load
        self._pool: EmbeddingPool | None = None
        self._questions: RecentVectors | None = None

    async def embed_queries(self, fingerprint: str, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors, shape (len(texts), dimensions); None when the model is not the one of this fingerprint."""
        if not fingerprint.startswith(self._prefix):
            return None
        if self._pool is None or self._questions is None:
            self._pool = EmbeddingPool(self._load)
            self._questions = RecentVectors(self._pool)
        await self._pool.start()
        return await self._questions.embed_queries(texts) if self._pool.fingerprint == fingerprint else None

    async def close(self) -> None:
        """Give its memory back; the next question loads it again."""
        pool, self._pool, self._questions = self._pool, None, None
        if pool is not None:
            await pool.close()
