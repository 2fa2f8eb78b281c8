"""BERT as an ONNX graph: token ids in, one unit vector a text out.

The graph has no mask: it is run on one text at a time (or on several of the same length), so nothing is
padded. A vector is then the same whatever is embedded beside it, which 8-bit activations, scaled by the
largest number of the whole batch, would not give.
"""

from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from bert.weights import Bert, Dense, Floats, Layer, Norm

MICROSOFT = "com.microsoft"  # the operators that onnxruntime adds to the standard's
INPUT, OUTPUT = "input_ids", "sentence_embedding"

_OPSET, _IR_VERSION = 17, 8


class Graph:
    """A graph in the making; every method returns the name of what it added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, *more: str, domain: str = "", **details: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output, *more], name=output, domain=domain, **details))
        return output


class Precision(Protocol):
    """How the parts with large weights are written down; `name` is unique, as in "layer3.output"."""

    def words(self, graph: Graph, name: str, table: Floats) -> str:
        """The rows of `table` for the ids, (batch, tokens, hidden)."""

    def attention(self, graph: Graph, name: str, hidden: str, dense: Dense, heads: int) -> str:
        """Multi-head attention with the projections of `dense`."""

    def multiply(self, graph: Graph, name: str, inputs: str, weight: Floats) -> str:
        """inputs @ weight."""


class Float32:
    """Every number as it was published."""

    def words(self, graph: Graph, name: str, table: Floats) -> str:
        return graph.node("Gather", [graph.constant(f"{name}.table", table), INPUT], name)

    def attention(self, graph: Graph, name: str, hidden: str, dense: Dense, heads: int) -> str:
        weight, bias = graph.constant(f"{name}.weight", dense.weight), graph.constant(f"{name}.bias", dense.bias)
        return graph.node("Attention", [hidden, weight, bias], name, domain=MICROSOFT, num_heads=heads)

    def multiply(self, graph: Graph, name: str, inputs: str, weight: Floats) -> str:
        return graph.node("MatMul", [inputs, graph.constant(f"{name}.weight", weight)], name)


def build(bert: Bert, precision: Precision) -> onnx.ModelProto:
    """The whole model: input_ids int64 (batch, tokens) -> sentence_embedding float32 (batch, hidden)."""
    graph = Graph()
    hidden = _embeddings(graph, bert, precision)
    for number, layer in enumerate(bert.layers):
        hidden = _layer(graph, f"layer{number}", hidden, bert, layer, precision)
    # The mean's divisor is left out: the normalisation takes it away again.
    total = graph.node("ReduceSum", [hidden, graph.constant("token_axis", np.array([1]))], "sum", keepdims=0)
    graph.node("LpNormalization", [total], OUTPUT, axis=-1, p=2)
    return _model(graph, dimensions=bert.words.shape[1])


def _embeddings(graph: Graph, bert: Bert, precision: Precision) -> str:
    words = precision.words(graph, "words", bert.words)
    begin, end = graph.constant("begin", np.array([0])), graph.node("Shape", [INPUT], "tokens", start=1)
    positions = graph.node("Slice", [graph.constant("positions.table", bert.positions), begin, end], "positions")
    return _normalise(graph, "embeddings", graph.node("Add", [words, positions], "embeddings.sum"), bert.norm, bert)


def _layer(graph: Graph, name: str, hidden: str, bert: Bert, layer: Layer, precision: Precision) -> str:
    attended = precision.attention(graph, f"{name}.attention", hidden, layer.attention, bert.heads)
    attended = precision.multiply(graph, f"{name}.attention_output", attended, layer.attention_output.weight)
    dense, norm = layer.attention_output, layer.attention_norm
    hidden = _join(graph, f"{name}.attention_norm", attended, hidden, dense, norm, bert)
    wide = precision.multiply(graph, f"{name}.intermediate", hidden, layer.intermediate.weight)
    bias = graph.constant(f"{name}.intermediate.bias", layer.intermediate.bias)
    wide = graph.node("BiasGelu", [wide, bias], f"{name}.gelu", domain=MICROSOFT)
    output = precision.multiply(graph, f"{name}.output", wide, layer.output.weight)
    return _join(graph, f"{name}.output_norm", output, hidden, layer.output, layer.output_norm, bert)


def _join(graph: Graph, name: str, product: str, hidden: str, dense: Dense, norm: Norm, bert: Bert) -> str:
    """Add the bias and the layer's input, then normalise.

    Not SkipLayerNormalization, which does the three at once but is not vectorised: 0.49 ms against 0.08 ms
    for 256 tokens (onnxruntime 1.31, x86-64). The session must not fuse them either.
    """
    biased = graph.node("Add", [product, graph.constant(f"{name}.dense_bias", dense.bias)], f"{name}.biased")
    return _normalise(graph, name, graph.node("Add", [biased, hidden], f"{name}.sum"), norm, bert)


def _normalise(graph: Graph, name: str, hidden: str, norm: Norm, bert: Bert) -> str:
    gain, bias = graph.constant(f"{name}.gain", norm.gain), graph.constant(f"{name}.bias", norm.bias)
    return graph.node("LayerNormalization", [hidden, gain, bias], name, epsilon=bert.epsilon)


def _model(graph: Graph, dimensions: int) -> onnx.ModelProto:
    ids = helper.make_tensor_value_info(INPUT, onnx.TensorProto.INT64, ["batch", "tokens"])
    vectors = helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, ["batch", dimensions])
    body = helper.make_graph(graph.nodes, "bert", [ids], [vectors], graph.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(body, opset_imports=opsets, ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    return model
