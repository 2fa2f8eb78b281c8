"""The optional embedder: any model that sentence-transformers loads, by its name or from a folder."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.prefixes import Prefixes, choose_prefixes
from conversational_rag.embedding.texts import well_formed
from conversational_rag.errors import ConfigurationError

_BATCH_SIZE = 8


class SentenceTransformersEmbedder:
    """An Embedder over `sentence_transformers.SentenceTransformer`, on the CPU."""

    def __init__(
        self, name: str, threads: int = 1, query_prefix: str | None = None, passage_prefix: str | None = None
    ) -> None:
        """Load the model; one that is not a folder is downloaded by sentence-transformers the first time.

        A prefix that is None is the model's own. Raises ConfigurationError when sentence-transformers is not installed
        or cannot load the model.
        """
        self._model = _load(name, threads)
        # The prefixes stand before the texts already; the default prompt would come on top of them.
        self._model.default_prompt_name = None
        self._prefixes = choose_prefixes(name, self._model.prompts or {}, query_prefix, passage_prefix)
        self._fingerprint = f"{Path(name).name}@{_digest(self._model, self._prefixes)[:16]}"

    @property
    def fingerprint(self) -> str:
        """The last part of the name and the beginning of the sha256 over all weights, wherever they come from."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of one vector."""
        return int(self._model.get_embedding_dimension())

    @property
    def batch_size(self) -> int:
        """Eight, which is as fast as more and needs the least memory."""
        return _BATCH_SIZE

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions), float32."""
        return self._embed_all(texts, self._prefixes.passage)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same of questions."""
        return self._embed_all(texts, self._prefixes.query)

    def _embed_all(self, texts: Sequence[str], prefix: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        vectors = self._model.encode(
            [well_formed(prefix + text) for text in texts],
            batch_size=_BATCH_SIZE,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        return np.asarray(vectors, np.float32)


def _load(name: str, threads: int) -> Any:
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise ConfigurationError(
            f"EMBEDDING_MODEL: {name} needs sentence-transformers, which is not installed; run "
            "`pip install -r requirements-sentence-transformers.txt`, or leave EMBEDDING_MODEL at all-MiniLM-L6-v2"
        ) from error
    torch.set_num_threads(threads)
    disable_progress_bar()  # it would stand between the lines of the log
    try:
        return SentenceTransformer(name, device="cpu")
    except Exception as error:  # torch, transformers, safetensors and the hub's client each have their own
        raise ConfigurationError(
            f"EMBEDDING_MODEL: sentence-transformers cannot load {name}; name a model of the hub that can be reached, "
            "or a folder that holds one"
        ) from error


def _digest(model: Any, prefixes: Prefixes) -> str:
    """sha256 over the names and the bytes of all weights, and the prefixes if there are any."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    if prefixes != Prefixes():
        digest.update(repr((prefixes.query, prefixes.passage)).encode())
    return digest.hexdigest()
