"""The shipped embedder: the right file, the right vectors, and no surprise from any text."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as vendor
from tokenizers import Tokenizer

from conversational_rag.embedding.graph import VENDOR_ERRORS
from conversational_rag.embedding.model_folder import exported
from conversational_rag.embedding.onnx import SHIPPED_FOLDER, OnnxEmbedder
from conversational_rag.errors import ConfigurationError, Unavailable


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "LICENSE"])
def test_the_shipped_files_are_those_that_the_readme_describes(name: str) -> None:
    readme = (SHIPPED_FOLDER / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{re.escape(name)}` \| (\d+) \| `([0-9a-f]{{64}})` \|$", readme, re.MULTILINE)
    content = (SHIPPED_FOLDER / name).read_bytes()
    assert row is not None
    assert row.groups() == (str(len(content)), hashlib.sha256(content).hexdigest())


def test_the_licence_of_the_weights_is_complete() -> None:
    licence = (SHIPPED_FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_similarities_are_those_of_the_published_model(shipped: OnnxEmbedder) -> None:
    """The figures are sentence-transformers' own with all-MiniLM-L6-v2 in 32 bits."""
    vectors = shipped.embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    published = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(vectors @ vectors.T, published, atol=0.03)


@pytest.mark.parametrize(
    ("sentence", "paraphrase", "unrelated"),
    [
        ("The contract ends on 31 December.", "The agreement expires at the end of the year.", "Cats sleep all day."),
        ("How do I reset my password?", "I forgot my login and need a new one.", "The recipe needs two eggs."),
        ("Revenue grew by twelve percent.", "Sales rose 12 % over last year.", "The patient has a high fever."),
    ],
)
def test_a_paraphrase_is_nearer_than_an_unrelated_sentence(
    shipped: OnnxEmbedder, sentence: str, paraphrase: str, unrelated: str
) -> None:
    question, near, far = shipped.embed([sentence, paraphrase, unrelated])
    assert question @ near > question @ far + 0.3


def test_what_is_beyond_256_tokens_does_not_count(shipped: OnnxEmbedder) -> None:
    within, beyond, longer = shipped.embed(["river " * 253, "river " * 254, "river " * 254 + "volcano " * 500])
    assert (beyond == longer).all()
    assert (within != beyond).any()


def test_a_vector_does_not_depend_on_what_is_embedded_beside_it(shipped: OnnxEmbedder) -> None:
    texts = ["Where?", "a short passage about ships", "The ferry leaves at nine. " * 40]
    together = shipped.embed(texts)
    assert all((shipped.embed([text])[0] == vector).all() for text, vector in zip(texts, together, strict=True))


def test_a_vector_does_not_depend_on_the_number_of_threads(shipped: OnnxEmbedder) -> None:
    texts = [f"{number} ships " * number for number in range(1, 12)]
    assert (OnnxEmbedder.shipped(threads=1).embed(texts) == shipped.embed(texts)).all()


def test_a_text_of_two_million_characters_is_no_trouble(shipped: OnnxEmbedder) -> None:
    vectors = shipped.embed(["x" * 2_000_000, " " * 2_000_000, "word " * 400_000, "\x00" * 2_000_000])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_slice_has_work_for_every_thread(shipped: OnnxEmbedder) -> None:
    assert shipped.batch_size == 8
    assert shipped.dimensions == 384


def test_the_fingerprint_names_the_model_and_changes_with_either_file(shipped: OnnxEmbedder, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_FOLDER, tmp_path / "copy")
    same = OnnxEmbedder(exported(tmp_path / "copy", "all-MiniLM-L6-v2"))
    with (tmp_path / "copy" / "tokenizer.json").open("a") as file:
        file.write("\n")
    other = OnnxEmbedder(exported(tmp_path / "copy", "all-MiniLM-L6-v2"))
    assert re.fullmatch(r"all-MiniLM-L6-v2@[0-9a-f]{16}", shipped.fingerprint)
    assert same.fingerprint == shipped.fingerprint
    assert other.fingerprint != shipped.fingerprint


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_FOLDER, tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    with pytest.raises(ConfigurationError, match=rf"EMBEDDING_MODEL: {name} .* cannot be read") as caught:
        OnnxEmbedder(exported(tmp_path / "copy", "some-model"))
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.onnx", b"", "the model some-model is broken"),
        ("model.onnx", b"not a graph", "the model some-model is broken"),
        ("tokenizer.json", b"{}", "tokenizer.json is broken"),
        ("tokenizer.json", b"\xff\xfe", "tokenizer.json is broken"),
    ],
)
def test_a_broken_file_is_a_configuration_error(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_FOLDER, tmp_path / "copy")
    (tmp_path / "copy" / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"EMBEDDING_MODEL: .*{message}") as caught:
        OnnxEmbedder(exported(tmp_path / "copy", "some-model"))
    assert caught.value.__cause__ is not None


def test_every_error_of_onnxruntime_has_a_row() -> None:
    members = (getattr(vendor, name) for name in dir(vendor))
    raised = {member.__name__ for member in members if isinstance(member, type) and issubclass(member, Exception)}
    assert raised == set(VENDOR_ERRORS)


def test_a_model_that_does_not_fit_its_tokenizer_is_a_configuration_error(tiny_graph_folder: Path) -> None:
    shutil.copy(SHIPPED_FOLDER / "tokenizer.json", tiny_graph_folder)  # knows words that the tiny model does not
    embedder = OnnxEmbedder(exported(tiny_graph_folder, "tiny"))
    with pytest.raises(ConfigurationError, match="the model tiny is broken") as caught:
        embedder.embed(["ships"])
    assert isinstance(caught.value.__cause__, vendor.InvalidArgument)


def test_a_run_that_fails_is_unavailable_and_the_next_one_is_not(tiny_graph_folder: Path) -> None:
    embedder = OnnxEmbedder(exported(tiny_graph_folder, "tiny"))
    with pytest.raises(Unavailable, match="could not run") as caught:
        embedder.embed(["too many letters for a model of sixteen positions"])
    assert type(caught.value.__cause__).__name__ in VENDOR_ERRORS
    assert embedder.embed(["few"]).shape == (1, 32)


@pytest.fixture
def tiny_graph_folder(make_tiny_model: Callable[..., Any], tmp_path: Path) -> Path:
    """A tiny model as exported, with 16 positions and a tokenizer that does not cut there."""
    from bert import graph, weights

    tiny, folder = make_tiny_model(positions=16), tmp_path / "exported"
    folder.mkdir()
    model = graph.build(weights.read_bert(tiny.folder, max_tokens=16), graph.Float32())
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    tokenizer = Tokenizer.from_file(str(tiny.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


_LAZY = """
import sys
from conversational_rag.embedding.registry import load_embedder
assert not {"onnxruntime", "tokenizers"} & set(sys.modules), "loaded before it is asked for"
vectors = load_embedder("all-MiniLM-L6-v2", 1).embed(["one", "two"])
assert vectors.shape == (2, 384)
heavy = {"torch", "transformers", "sentence_transformers", "onnx", "chromadb"} & set(sys.modules)
assert not heavy, heavy
"""


def test_nothing_is_imported_before_it_is_needed_and_torch_never() -> None:
    done = subprocess.run([sys.executable, "-c", _LAZY], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
