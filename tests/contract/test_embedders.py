"""What every embedder owes: one suite over every kind."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny_sentence_transformer import needs_sentence_transformers, save_sentence_transformer
from toy_embedder import ToyEmbedder

from conversational_rag.embedding.base import Embedder
from conversational_rag.embedding.onnx import OnnxEmbedder
from conversational_rag.embedding.registry import load_embedder
from conversational_rag.errors import ConfigurationError

_TEXTS = ["A fox.", "The harbour is closed in winter. " * 30, "", "Ships", "Two ships and one very slow ferry"]
_ODD = {
    "nothing": "",
    "a space": " ",
    "white space": "\n\t\r",
    "only a NUL": "\x00",
    "a NUL inside": "a\x00b",
    "a lone surrogate": "\ud800",
    "surrogates the wrong way round": "x\udfff\ud83dy",
    "a byte order mark": "\ufeff",
    "a change of direction": "\u202e",
    "combining marks": "e\u0301" * 500,
    "emoji": "🙂" * 500,
}


def _sentence_transformers(folder: Path) -> Embedder:
    words = [word for text in _TEXTS for word in text.split()]
    return load_embedder(str(save_sentence_transformer(folder, words)), threads=1)


_KINDS: dict[str, Callable[[Path], Embedder]] = {
    "toy": lambda _: ToyEmbedder(),
    "onnx": lambda _: OnnxEmbedder.shipped(2),
    "sentence-transformers": _sentence_transformers,
}
_MARKS = {"sentence-transformers": needs_sentence_transformers}


@pytest.fixture(scope="module", params=[pytest.param(kind, marks=_MARKS.get(kind, ())) for kind in _KINDS])
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return _KINDS[request.param](tmp_path_factory.mktemp("model"))


def test_vectors_are_float32_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(_TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(_TEXTS), embedder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_vectors_stand_in_the_order_of_the_texts(embedder: Embedder) -> None:
    forwards, backwards = embedder.embed(_TEXTS), embedder.embed(_TEXTS[::-1])
    np.testing.assert_allclose(_cosines(forwards, backwards[::-1]), 1, atol=1e-3)


def test_a_text_has_the_same_vector_alone_and_in_company(embedder: Embedder) -> None:
    alone = np.concatenate([embedder.embed([text]) for text in _TEXTS])
    np.testing.assert_allclose(_cosines(embedder.embed(_TEXTS), alone), 1, atol=1e-3)


def test_different_texts_have_different_vectors(embedder: Embedder) -> None:
    vectors = embedder.embed(["Ships", "A fox."])
    assert vectors[0] @ vectors[1] < 0.999


@pytest.mark.parametrize("text", _ODD.values(), ids=_ODD.keys())
def test_any_string_can_be_embedded(embedder: Embedder, text: str) -> None:
    assert np.linalg.norm(embedder.embed([text])[0]) == pytest.approx(1, abs=1e-5)


def test_more_texts_than_a_batch_are_taken(embedder: Embedder) -> None:
    texts = [f"ship number {number}" for number in range(3 * embedder.batch_size + 1)]
    assert embedder.batch_size >= 1
    assert embedder.embed(texts).shape == (len(texts), embedder.dimensions)


def test_any_sequence_of_texts_is_taken(embedder: Embedder) -> None:
    texts: Sequence[str] = tuple(_TEXTS)
    assert (embedder.embed(texts) == embedder.embed(_TEXTS)).all()


def test_a_fingerprint_is_a_name_that_stays(embedder: Embedder) -> None:
    before = embedder.fingerprint
    embedder.embed(_TEXTS)
    assert before == embedder.fingerprint != ""


def test_a_folder_without_a_model_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"EMBEDDING_MODEL: .*sentence-transformers"):
        load_embedder(str(tmp_path), threads=1)


def _cosines(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (some * others).sum(axis=1)
