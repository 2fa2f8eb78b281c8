"""Which embedder a model's name stands for."""

from conversational_rag.embedding.base import Embedder
from conversational_rag.embedding.onnx import SHIPPED_NAME, OnnxEmbedder
from conversational_rag.embedding.sentence_transformers import SentenceTransformersEmbedder

_SHIPPED_NAMES = (SHIPPED_NAME, f"sentence-transformers/{SHIPPED_NAME}")


def load_embedder(name: str, threads: int) -> Embedder:
    """The shipped model under its own name, any other through sentence-transformers; blocks while it loads.

    Raises ConfigurationError, naming EMBEDDING_MODEL, when it cannot be loaded.
    """
    if name in _SHIPPED_NAMES:
        return OnnxEmbedder.shipped(threads)
    return SentenceTransformersEmbedder(name, threads)
