"""The registry: a kind by its name."""

from pathlib import Path

import pytest

from conversational_rag.errors import ConfigurationError
from conversational_rag.vectorstores.chroma import ChromaStore
from conversational_rag.vectorstores.registry import open_store


async def test_chroma_is_opened_without_touching_the_disk(tmp_path: Path) -> None:
    store = open_store("chroma", tmp_path / "vectors", 64)
    assert isinstance(store, ChromaStore)
    await store.close()
    assert not (tmp_path / "vectors").exists()


def test_an_unknown_kind_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"VECTOR_STORE_TYPE is 'qdrant'.* chroma"):
        open_store("qdrant", tmp_path, 64)
