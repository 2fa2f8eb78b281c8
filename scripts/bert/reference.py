"""BERT in plain numpy: slow and simple, the yardstick for the graph and the source of its activations."""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bert.weights import Bert, Dense, Floats, Layer, Norm

# Called with the name of a matrix and what is about to be multiplied by it, shape (tokens, inputs).
Watch = Callable[[str, Floats], None]

_erf = np.frompyfunc(math.erf, 1, 1)


def embed(bert: Bert, ids: Sequence[int], watch: Watch = lambda _name, _inputs: None) -> Floats:
    """The unit vector, shape (hidden,), of one text given as token ids: the mean over its tokens, normalised."""
    hidden = _normalise(bert.words[list(ids)] + bert.positions[: len(ids)], bert.norm, bert.epsilon)
    for number, layer in enumerate(bert.layers):
        hidden = _encode(bert, layer, hidden, _with_prefix(watch, f"layer{number}."))
    mean = hidden.mean(axis=0)
    return mean / np.linalg.norm(mean)


def observe_maxima(bert: Bert, sequences: Iterable[Sequence[int]]) -> dict[str, Floats]:
    """For each matrix, as "layer3.output", the largest size that each of its inputs reached, shape (inputs,).

    Rounded, so that another machine's floating point finds the same.
    """
    maxima: dict[str, Floats] = {}

    def watch(name: str, inputs: Floats) -> None:
        largest = np.abs(inputs).max(axis=0)
        maxima[name] = np.maximum(maxima[name], largest) if name in maxima else largest

    for ids in sequences:
        embed(bert, ids, watch)
    return {name: largest.round(2) for name, largest in maxima.items()}


def _with_prefix(watch: Watch, prefix: str) -> Watch:
    return lambda name, inputs: watch(prefix + name, inputs)


def _encode(bert: Bert, layer: Layer, hidden: Floats, watch: Watch) -> Floats:
    watch("attention", hidden)
    attended = _attend(_apply(layer.attention, hidden), bert.heads)
    watch("attention_output", attended)
    hidden = _normalise(hidden + _apply(layer.attention_output, attended), layer.attention_norm, bert.epsilon)
    watch("intermediate", hidden)
    wide = _gelu(_apply(layer.intermediate, hidden))
    watch("output", wide)
    return _normalise(hidden + _apply(layer.output, wide), layer.output_norm, bert.epsilon)


def _attend(projected: Floats, heads: int) -> Floats:
    """Softmax attention, per head: queries, keys and values side by side (tokens, 3 * hidden) -> (tokens, hidden)."""
    tokens, width = projected.shape
    query, key, value = projected.reshape(tokens, 3, heads, width // 3 // heads).transpose(1, 2, 0, 3)
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = odds / odds.sum(axis=-1, keepdims=True)
    return (weights @ value).transpose(1, 0, 2).reshape(tokens, width // 3)


def _apply(dense: Dense, inputs: Floats) -> Floats:
    return inputs @ dense.weight + dense.bias


def _normalise(hidden: Floats, norm: Norm, epsilon: float) -> Floats:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(hidden.var(axis=-1, keepdims=True) + epsilon) * norm.gain + norm.bias


def _gelu(inputs: Floats) -> Floats:
    return inputs * (0.5 * (1.0 + _erf(inputs / math.sqrt(2.0)).astype(inputs.dtype)))
