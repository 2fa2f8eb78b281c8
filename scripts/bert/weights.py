"""A published BERT checkpoint: its weights, from safetensors, in the layout that the graph wants."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1"}


@dataclass(frozen=True, slots=True)
class Dense:
    """x @ weight + bias; weight has the shape (inputs, outputs)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation's gain and bias, shape (hidden,)."""

    gain: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Layer:
    """One encoder layer; `attention` makes queries, keys and values side by side, shape (hidden, 3 * hidden)."""

    attention: Dense
    attention_output: Dense
    attention_norm: Norm
    intermediate: Dense
    output: Dense
    output_norm: Norm


@dataclass(frozen=True, slots=True)
class Bert:
    """An encoder for single texts; the embedding of token type 0 is already part of `positions`."""

    words: Floats
    positions: Floats
    norm: Norm
    layers: tuple[Layer, ...]
    heads: int
    epsilon: float


def read_bert(folder: Path, max_tokens: int) -> Bert:
    """The model in `folder` (config.json, model.safetensors), for texts of at most `max_tokens` tokens."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind = (config["model_type"], config["hidden_act"])
    if kind != ("bert", "gelu"):
        raise ValueError(f"{folder} holds the model {kind}, only ('bert', 'gelu') is understood")
    tensors = read_safetensors(folder / "model.safetensors")
    return Bert(
        words=tensors["embeddings.word_embeddings.weight"],
        positions=tensors["embeddings.position_embeddings.weight"][:max_tokens]
        + tensors["embeddings.token_type_embeddings.weight"][0],
        norm=_norm(tensors, "embeddings.LayerNorm"),
        layers=tuple(_layer(tensors, f"encoder.layer.{number}.") for number in range(config["num_hidden_layers"])),
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
    )


def read_safetensors(path: Path) -> dict[str, NDArray[np.generic]]:
    """Every tensor by name. The format: the header's length (uint64), a JSON header, then the data, little-endian."""
    content = path.read_bytes()
    (header_length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + header_length])
    header.pop("__metadata__", None)
    data = memoryview(content)[8 + header_length :]
    return {name: _tensor(name, entry, data) for name, entry in header.items()}


def _tensor(name: str, entry: Mapping[str, Any], data: memoryview) -> NDArray[np.generic]:
    if entry["dtype"] not in _DTYPES:
        raise ValueError(f"tensor {name} has the type {entry['dtype']}; {', '.join(_DTYPES)} are read")
    begin, end = entry["data_offsets"]
    return np.frombuffer(data[begin:end], _DTYPES[entry["dtype"]]).reshape(entry["shape"])


def _layer(tensors: Mapping[str, Floats], prefix: str) -> Layer:
    parts = [_dense(tensors, f"{prefix}attention.self.{part}") for part in ("query", "key", "value")]
    return Layer(
        attention=Dense(
            np.concatenate([part.weight for part in parts], axis=1), np.concatenate([part.bias for part in parts])
        ),
        attention_output=_dense(tensors, prefix + "attention.output.dense"),
        attention_norm=_norm(tensors, prefix + "attention.output.LayerNorm"),
        intermediate=_dense(tensors, prefix + "intermediate.dense"),
        output=_dense(tensors, prefix + "output.dense"),
        output_norm=_norm(tensors, prefix + "output.LayerNorm"),
    )


def _dense(tensors: Mapping[str, Floats], name: str) -> Dense:
    return Dense(tensors[name + ".weight"].T, tensors[name + ".bias"])


def _norm(tensors: Mapping[str, Floats], name: str) -> Norm:
    return Norm(tensors[name + ".weight"], tensors[name + ".bias"])
