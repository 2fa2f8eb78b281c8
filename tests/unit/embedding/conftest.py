"""The shipped model, loaded once; a tiny BERT of random weights; and the exporter's folder on the path."""

import json
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from conversational_rag.embedding.onnx import OnnxEmbedder

sys.path.append(str(Path(__file__).parents[3] / "scripts"))

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
_HIDDEN, _WIDE, _HEADS, _LAYERS = 32, 64, 4, 2


@pytest.fixture(scope="session")
def shipped() -> OnnxEmbedder:
    return OnnxEmbedder.shipped(threads=2)


@dataclass(frozen=True, slots=True)
class TinyModel:
    """A published model in small: config.json, model.safetensors and tokenizer.json in `folder`."""

    folder: Path
    vocabulary: int = len(_VOCABULARY)
    hidden: int = _HIDDEN


@pytest.fixture
def make_tiny_model(tmp_path: Path) -> Callable[..., TinyModel]:
    """Writes a BERT of random weights, for up to `positions` tokens."""

    def make(*, positions: int = 256) -> TinyModel:
        folder = tmp_path / "published"
        folder.mkdir()
        write_safetensors(folder / "model.safetensors", _tensors(positions))
        config = {
            "model_type": "bert",
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-12,
            "num_hidden_layers": _LAYERS,
            "num_attention_heads": _HEADS,
        }
        (folder / "config.json").write_text(json.dumps(config))
        _tokenizer().save(str(folder / "tokenizer.json"))
        return TinyModel(folder)

    return make


@pytest.fixture(name="write_safetensors")
def write_safetensors_fixture() -> Callable[..., None]:
    return write_safetensors


def write_safetensors(path: Path, tensors: dict[str, NDArray[np.generic]]) -> None:
    """The format's other half, for what `read_safetensors` reads."""
    names = {"float32": "F32", "float16": "F16", "int64": "I64", "bool": "BOOL"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        content = tensor.tobytes()
        header[name] = {
            "dtype": names[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    encoded = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


def _tensors(positions: int) -> dict[str, NDArray[np.generic]]:
    random = np.random.default_rng(7)

    def draw(*shape: int, around: float = 0) -> NDArray[np.float32]:
        return (around + 0.2 * random.standard_normal(shape)).astype(np.float32)

    tensors: dict[str, NDArray[np.generic]] = {
        "embeddings.position_ids": np.arange(positions)[None],
        "embeddings.word_embeddings.weight": draw(len(_VOCABULARY), _HIDDEN),
        "embeddings.position_embeddings.weight": draw(positions, _HIDDEN),
        "embeddings.token_type_embeddings.weight": draw(2, _HIDDEN),
    }
    norms, denses = ["embeddings.LayerNorm"], {}
    for layer in (f"encoder.layer.{number}." for number in range(_LAYERS)):
        norms += [layer + "attention.output.LayerNorm", layer + "output.LayerNorm"]
        denses |= {layer + f"attention.self.{part}": (_HIDDEN, _HIDDEN) for part in ("query", "key", "value")}
        denses |= {layer + "attention.output.dense": (_HIDDEN, _HIDDEN)}
        denses |= {layer + "intermediate.dense": (_WIDE, _HIDDEN), layer + "output.dense": (_HIDDEN, _WIDE)}
    for name in norms:
        tensors |= {name + ".weight": draw(_HIDDEN, around=1), name + ".bias": draw(_HIDDEN)}
    for name, shape in denses.items():
        tensors |= {name + ".weight": draw(*shape), name + ".bias": draw(shape[0])}
    return tensors


def _tokenizer() -> Tokenizer:
    """Splits words into letters; pads, as the published one does."""
    tokenizer = Tokenizer(
        models.WordPiece({word: number for number, word in enumerate(_VOCABULARY)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_padding(length=128)
    return tokenizer
