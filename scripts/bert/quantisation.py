"""Eight bits a weight: signed, symmetric, one scale an output column; activations are quantised while it runs.

onnxruntime gives all activations of a product one scale, so one large channel makes all others coarse, and
BERT has a few that reach ten to twenty times the others' size (Dettmers et al., LLM.int8(), 2022). They are
kept out of the way: before the attention and the first feed-forward matrix they are scaled down and their
weights up (Xiao et al., SmoothQuant, 2023); before the second one, where they are largest, they are
multiplied apart in float32. Plain quantisation loses five times as much.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from bert.graph import INPUT, MICROSOFT, Graph
from bert.weights import Dense, Floats

_OUTLIERS = 8
_LARGEST = 127


class Int8:
    """The precision that ships. `maxima`: the largest input a channel, for each matrix (`reference.observe_maxima`)."""

    def __init__(self, maxima: Mapping[str, Floats], outliers: int = _OUTLIERS) -> None:
        self._maxima, self._outliers = maxima, outliers

    def words(self, graph: Graph, name: str, table: Floats) -> str:
        """One scale a row: it costs 122 kB, and the rows lose next to nothing."""
        rows, scales = quantise(table.T)
        picked = graph.node("Gather", [graph.constant(f"{name}.table", rows.T), INPUT], f"{name}.picked")
        numbers = graph.node("Cast", [picked], f"{name}.numbers", to=onnx.TensorProto.FLOAT)
        scale = graph.node("Gather", [graph.constant(f"{name}.scales", scales[:, None]), INPUT], f"{name}.scale")
        return graph.node("Mul", [numbers, scale], name)

    def attention(self, graph: Graph, name: str, hidden: str, dense: Dense, heads: int) -> str:
        hidden, weight = self._level(graph, name, hidden, dense.weight)
        integers, scales = quantise(weight)
        inputs, scale, zero = f"{name}.integers", f"{name}.input_scale", f"{name}.input_zero"
        graph.node("DynamicQuantizeLinear", [hidden], inputs, scale, zero)
        parts = [
            *(inputs, graph.constant(f"{name}.weight", integers), graph.constant(f"{name}.bias", dense.bias)),
            *(scale, graph.constant(f"{name}.scales", scales), "", zero),
        ]
        return graph.node("QAttention", parts, name, domain=MICROSOFT, num_heads=heads)

    def multiply(self, graph: Graph, name: str, inputs: str, weight: Floats) -> str:
        if name.endswith(".intermediate"):
            inputs, weight = self._level(graph, name, inputs, weight)
        if name.endswith(".output"):
            return self._multiply_apart(graph, name, inputs, weight)
        return self._multiply(graph, name, inputs, weight)

    def _multiply(self, graph: Graph, name: str, inputs: str, weight: Floats) -> str:
        integers, scales = quantise(weight)
        parts = [inputs, graph.constant(f"{name}.weight", integers), graph.constant(f"{name}.scales", scales)]
        return graph.node("DynamicQuantizeMatMul", parts, name, domain=MICROSOFT)

    def _level(self, graph: Graph, name: str, inputs: str, weight: Floats) -> tuple[str, Floats]:
        """The outliers brought down to the largest of the other channels; the product stays what it was."""
        maxima = self._maxima[name]
        ceiling = np.sort(maxima)[-self._outliers - 1]
        factors = np.maximum(1, maxima / ceiling).astype(np.float32)
        levelled = graph.node("Mul", [inputs, graph.constant(f"{name}.factors", 1 / factors)], f"{name}.levelled")
        return levelled, weight * factors[:, None]

    def _multiply_apart(self, graph: Graph, name: str, inputs: str, weight: Floats) -> str:
        """The outliers times their weights in float32, plus all the others in integers."""
        chosen = np.sort(np.argsort(-self._maxima[name], kind="stable")[: self._outliers])
        others = np.ones(len(weight), np.float32)
        others[chosen] = 0
        kept = graph.node("Mul", [inputs, graph.constant(f"{name}.others", others)], f"{name}.kept")
        product = self._multiply(graph, f"{name}.integer_part", kept, weight * others[:, None])
        large = graph.node("Gather", [inputs, graph.constant(f"{name}.chosen", chosen)], f"{name}.large", axis=-1)
        exact = graph.node("MatMul", [large, graph.constant(f"{name}.exact", weight[chosen])], f"{name}.float_part")
        return graph.node("Add", [product, exact], name)


def quantise(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """`weight` (inputs, outputs) as integers and the scale of each column: integers * scales is about `weight`."""
    largest = np.abs(weight).max(axis=0)
    scales = np.where(largest > 0, largest / _LARGEST, 1).astype(np.float32)
    return np.rint(weight / scales).astype(np.int8), scales
