"""Which embedder a model's name stands for."""

from pathlib import Path

from conversational_rag.embedding.base import Embedder
from conversational_rag.embedding.model_folder import has_graph, read_folder
from conversational_rag.embedding.onnx import SHIPPED_NAME, OnnxEmbedder
from conversational_rag.embedding.prefixes import choose_prefixes
from conversational_rag.embedding.sentence_transformers import SentenceTransformersEmbedder

_SHIPPED_NAMES = (SHIPPED_NAME, f"sentence-transformers/{SHIPPED_NAME}")


def load_embedder(
    name: str, threads: int, query_prefix: str | None = None, passage_prefix: str | None = None
) -> Embedder:
    """The shipped model under its own name; a folder with an ONNX file; any other through sentence-transformers.

    A prefix that is None is the model's own. Blocks while it loads. Raises ConfigurationError, naming EMBEDDING_MODEL,
    when it cannot be loaded.
    """
    if name in _SHIPPED_NAMES:
        return OnnxEmbedder.shipped(threads, choose_prefixes(name, {}, query_prefix, passage_prefix))
    folder = Path(name)
    if has_graph(folder):
        model = read_folder(folder)
        prefixes = choose_prefixes(model.name, model.prompts, query_prefix, passage_prefix)
        return OnnxEmbedder(model, threads, prefixes)
    return SentenceTransformersEmbedder(name, threads, query_prefix, passage_prefix)
