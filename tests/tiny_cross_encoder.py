"""A cross-encoder small enough to be worked out by hand, as a folder with a real ONNX file and its tokenizer."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def save_cross_encoder(
    folder: Path,
    weights: Mapping[str, float],
    *,
    lost: Sequence[str] = (),
    graph: str = "model.onnx",
    labels: int = 1,
    **configs: Any,
) -> Path:
    """It scores a pair by the words of the second text that the first holds too, each by its weight.

    `lost` are words that the tokenizer knows and the graph does not: it fails on them. `labels` is how many numbers it
    gives, the last of them the score; `configs` are further .json files.
    """
    words = [*_SPECIAL, *weights, *lost]
    table = np.array([0.0] * len(_SPECIAL) + list(weights.values()), np.float32)
    (folder / graph).parent.mkdir(parents=True, exist_ok=True)
    (folder / graph).write_bytes(_graph(table, labels).SerializeToString())
    _tokenizer(words).save(str(folder / "tokenizer.json"))
    for name, content in configs.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def _graph(table: np.ndarray, labels: int) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Unsqueeze", ["input_ids", "last"], ["down"]),
        helper.make_node("Unsqueeze", ["input_ids", "first"], ["across"]),
        helper.make_node("Equal", ["down", "across"], ["same"]),  # (1, tokens, tokens)
        helper.make_node("Cast", ["same"], ["equal"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["token_type_ids"], ["second"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["attention_mask"], ["here"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["here", "second"], ["question"]),
        helper.make_node("Gather", ["table", "input_ids"], ["weights"]),
        helper.make_node("Mul", ["weights", "second"], ["passage"]),
        helper.make_node("Unsqueeze", ["question", "first"], ["asked"]),  # (1, 1, tokens)
        helper.make_node("Unsqueeze", ["passage", "last"], ["held"]),  # (1, tokens, 1)
        helper.make_node("MatMul", ["asked", "equal"], ["matches"]),
        helper.make_node("MatMul", ["matches", "held"], ["score3"]),
        helper.make_node("Squeeze", ["score3", "first"], ["score"]),  # (1, 1)
        helper.make_node("Sub", ["score", "score"], ["nothing"]),
        helper.make_node("Concat", ["nothing"] * (labels - 1) + ["score"], ["logits"], axis=1),
    ]
    axes = {"first": np.array([1], np.int64), "last": np.array([2], np.int64), "table": table}
    body = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in _INPUTS],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", labels])],
        [numpy_helper.from_array(value, name) for name, value in axes.items()],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def _tokenizer(words: list[str]) -> Tokenizer:
    """Cuts at 8 tokens and pads to 64, which whoever runs the model must not let it do."""
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=64)
    return tokenizer
