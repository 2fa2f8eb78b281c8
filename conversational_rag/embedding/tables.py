"""The large tables of an ONNX file, used where they lie in it: pages that no token asks for are never in memory.

onnxruntime would copy them: 11 MB of word vectors for the shipped model, of which a question reads a dozen rows.
"""

import mmap
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# As they stand in onnx.proto: what is in a model, in its graph, and in one of its tensors.
_GRAPH, _INITIALIZER = 7, 5
_DIMENSIONS, _KIND, _NAME, _BYTES = 1, 2, 8, 9
# One byte a number: they may begin anywhere in the file. Matrices are not worth it, onnxruntime keeps its own form of
# those; none of a small model's is as large as its words.
_KINDS: dict[Any, type[np.generic]] = {2: np.uint8, 3: np.int8}
_LEAST_BYTES = 1024 * 1024
_VARINT, _LENGTH_DELIMITED = 0, 2
_FIXED_BYTES, _VARINT_BYTES = {1: 8, 5: 4}, 10


def large_tables(path: Path) -> dict[str, NDArray[Any]]:
    """The tables by name; none when the file is missing or broken, which onnxruntime says better.

    The file must not be written to while they are in use.
    """
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        tables = dict(_tables(content))
        if hasattr(mmap, "MADV_DONTNEED"):  # what was read on the way to them
            content.madvise(mmap.MADV_DONTNEED)
        return tables
    except (OSError, ValueError, IndexError):
        return {}


def _tables(content: mmap.mmap) -> Iterator[tuple[str, NDArray[Any]]]:
    for _, graph in _fields(content, range(len(content)), _GRAPH):
        for _, tensor in _fields(content, graph, _INITIALIZER):
            if len(tensor) >= _LEAST_BYTES:
                yield from _table(content, tensor)


def _table(content: mmap.mmap, tensor: range) -> Iterator[tuple[str, NDArray[Any]]]:
    found = dict(_fields(content, tensor, _KIND, _NAME, _BYTES))
    kind = _KINDS.get(found.get(_KIND))
    if kind is None or _BYTES not in found:
        return
    shape = [each for _, dimension in _fields(content, tensor, _DIMENSIONS) for each in _numbers(content, dimension)]
    name = content[found[_NAME].start : found[_NAME].stop].decode()
    yield name, np.frombuffer(content, kind, prod(shape), found[_BYTES].start).reshape(shape)


def _numbers(content: mmap.mmap, value: Any) -> Iterator[int]:
    """One number, or several that are packed together."""
    if isinstance(value, int):
        yield value
        return
    position = value.start
    while position < value.stop:
        number, position = _varint(content, position)
        yield number


def _fields(content: mmap.mmap, within: range, *wanted: int) -> Iterator[tuple[int, Any]]:
    """The wanted fields of a protobuf message, with a number or with where in the file the value lies."""
    position = within.start
    while position < within.stop:
        key, position = _varint(content, position)
        field, form = divmod(key, 8)
        value: int | range
        if form == _VARINT:
            value, position = _varint(content, position)
        else:
            length = _FIXED_BYTES.get(form)
            if form == _LENGTH_DELIMITED:
                length, position = _varint(content, position)
            if length is None or position + length > within.stop:
                raise ValueError(f"no protobuf: a field of form {form} at {position}")
            value = range(position, position + length)
            position += length
        if field in wanted:
            yield field, value


def _varint(content: mmap.mmap, position: int) -> tuple[int, int]:
    """The number that begins there, and where the next thing does."""
    number = 0
    for place in range(_VARINT_BYTES):
        byte = content[position + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, position + place + 1
    raise ValueError(f"no protobuf: a number without an end at {position}")
