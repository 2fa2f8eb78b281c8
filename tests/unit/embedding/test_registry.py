"""Which model a name stands for."""

import sys

import pytest

from conversational_rag.embedding.onnx import OnnxEmbedder
from conversational_rag.embedding.registry import load_embedder
from conversational_rag.errors import ConfigurationError


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_default_model_is_the_shipped_one(name: str, shipped: OnnxEmbedder) -> None:
    embedder = load_embedder(name, threads=1)
    assert isinstance(embedder, OnnxEmbedder)
    assert embedder.fingerprint == shipped.fingerprint


def test_another_model_needs_sentence_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as where it is not installed
    with pytest.raises(ConfigurationError) as caught:
        load_embedder("BAAI/bge-small-en-v1.5", threads=1)
    assert "EMBEDDING_MODEL: BAAI/bge-small-en-v1.5" in caught.value.detail
    assert "pip install -r requirements-sentence-transformers.txt" in caught.value.detail
    assert isinstance(caught.value.__cause__, ImportError)
