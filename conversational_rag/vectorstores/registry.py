"""Which vector store VECTOR_STORE_TYPE names."""

from pathlib import Path

from conversational_rag.errors import ConfigurationError
from conversational_rag.vectorstores.base import VectorStore


def open_store(kind: str, path: Path, open_collections: int) -> VectorStore:
    """The store of this kind over `path`; it starts with its first call. Raises ConfigurationError.

    `open_collections` is how many clients' indexes are held in memory at once.
    """
    if kind == "chroma":
        from conversational_rag.vectorstores.chroma import ChromaStore  # loaded when chosen

        return ChromaStore(path, open_collections)
    raise ConfigurationError(f"VECTOR_STORE_TYPE is {kind!r}, which is no vector store; set it to chroma.")
