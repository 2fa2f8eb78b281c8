"""The default embedder: an ONNX file and its tokenizer, the shipped one or any other; one text on each thread."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.graph import Graph
from conversational_rag.embedding.model_folder import ModelFolder, exported
from conversational_rag.embedding.prefixes import Prefixes
from conversational_rag.errors import ConfigurationError

SHIPPED_NAME = "all-MiniLM-L6-v2"
SHIPPED_FOLDER = Path(__file__).with_name("model")

_NO_PREFIXES = Prefixes()
_POOLINGS: dict[str, Callable[[Vectors], Vectors]] = {
    "mean": lambda tokens: tokens.mean(axis=0),
    "cls": lambda tokens: tokens[0],
    "max": lambda tokens: tokens.max(axis=0),
}
_BLOCK_BYTES = 1 << 20
_TEXTS_A_THREAD = 4


class OnnxEmbedder:
    """An Embedder of a graph that gives the vector of a text, (1, dimensions), or one of each token, (1, tokens,
    dimensions)."""

    def __init__(self, model: ModelFolder, threads: int = 1, prefixes: Prefixes = _NO_PREFIXES) -> None:
        """Load it (the shipped one: 0.1 s). Raises ConfigurationError when a file is missing or broken."""
        self._model, self._prefixes, self._threads = model, prefixes, threads
        self._fingerprint = f"{model.name}@{_digest(model.files, _manner(model, prefixes))[:16]}"
        self._graph = Graph(model)
        # The graph's file says it, or it is asked.
        self._dimensions = self._graph.last_dimension or len(self._pooled(self._graph.run("a", loading=True)))
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="embedding")

    @classmethod
    def shipped(cls, threads: int = 1, prefixes: Prefixes = _NO_PREFIXES) -> "OnnxEmbedder":
        """all-MiniLM-L6-v2 in 8 bits, as it comes with this package; see model/README.md."""
        return cls(exported(SHIPPED_FOLDER, SHIPPED_NAME, is_shipped=True), threads, prefixes)

    @property
    def fingerprint(self) -> str:
        """The name and the beginning of the sha256 over the files and how they are used."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of one vector; 384 for the shipped model."""
        return self._dimensions

    @property
    def batch_size(self) -> int:
        """Four texts a thread: enough to keep all busy, and with the shipped model done in about 80 ms."""
        return _TEXTS_A_THREAD * self._threads

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions), each the same whatever stands beside it. Raises Unavailable."""
        return self._embed_all(texts, self._prefixes.passage)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same of questions."""
        return self._embed_all(texts, self._prefixes.query)

    def _embed_all(self, texts: Sequence[str], prefix: str) -> Vectors:
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        if len(texts) == 1:  # a question: handing it to another thread costs a tenth of embedding it
            vectors[0] = self._embed_one(prefix + texts[0])
            return vectors
        for row, vector in enumerate(self._workers.map(self._embed_one, [prefix + text for text in texts])):
            vectors[row] = vector
        return vectors

    def _embed_one(self, text: str) -> Vectors:
        return self._pooled(self._graph.run(text))

    def _pooled(self, found: Vectors) -> Vectors:
        return found if self._model.pooling is None else _pool(found, self._model.pooling)


def _pool(tokens: Vectors, pooling: str) -> Vectors:
    """The unit vector of a text, shape (dimensions,), of those of its tokens or of itself."""
    vector = tokens if tokens.ndim == 1 else _POOLINGS[pooling](tokens)
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def _manner(model: ModelFolder, prefixes: Prefixes) -> str:
    """What the vectors depend on beside the files; empty for a graph that does it all, asked as it is."""
    plain = model.pooling is None and prefixes == _NO_PREFIXES
    return "" if plain else repr((model.pooling, model.max_tokens, prefixes.query, prefixes.passage))


def _digest(paths: Sequence[Path], manner: str) -> str:
    """sha256 over the files, one after the other, and the rest; 20 ms for the shipped ones."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
        except OSError as error:
            raise ConfigurationError(f"EMBEDDING_MODEL: {path.name} of the embedding model cannot be read") from error
    digest.update(manner.encode())
    return digest.hexdigest()
