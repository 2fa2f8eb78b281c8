"""Large tables of an ONNX file are used where they lie in it: the same numbers, and not in memory twice."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from conversational_rag.embedding.model_folder import exported
from conversational_rag.embedding.onnx import SHIPPED_FOLDER, OnnxEmbedder
from conversational_rag.embedding.tables import large_tables

SHIPPED = SHIPPED_FOLDER / "model.onnx"


def test_the_shipped_models_words_are_found_and_nothing_else() -> None:
    ((name, table),) = large_tables(SHIPPED).items()
    assert (name, table.shape, table.dtype, table.flags.writeable) == ("words.table", (30522, 384), np.int8, False)


def test_the_numbers_are_those_that_onnx_reads() -> None:
    initializers = {each.name: each for each in onnx.load(SHIPPED).graph.initializer}
    np.testing.assert_array_equal(
        large_tables(SHIPPED)["words.table"], numpy_helper.to_array(initializers["words.table"])
    )


def test_a_text_has_the_same_vector_wherever_the_words_lie() -> None:
    copying = OnnxEmbedder(exported(SHIPPED_FOLDER, "all-MiniLM-L6-v2"))
    texts = ["one", "ein zweiter Text", "zażółć gęślą jaźń", "long " * 300]
    np.testing.assert_array_equal(OnnxEmbedder.shipped().embed(texts), copying.embed(texts))


@pytest.mark.parametrize("bytes_left", [0, 1, 100, 5_000_000, 23_000_000])
def test_a_file_that_was_cut_off_has_none(tmp_path: Path, bytes_left: int) -> None:
    (tmp_path / "cut.onnx").write_bytes(SHIPPED.read_bytes()[:bytes_left])
    assert large_tables(tmp_path / "cut.onnx") == {}


@pytest.mark.parametrize(
    "content", [b"\xff" * 100, b"\x3a\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x3b", b"<html>", bytes(99)]
)
def test_a_file_that_is_no_model_has_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.onnx").write_bytes(content)
    assert large_tables(tmp_path / "other.onnx") == {}


def test_a_file_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert large_tables(tmp_path / "missing.onnx") == {}


def test_only_what_is_large_and_has_a_byte_a_number_is_used(tmp_path: Path) -> None:
    tables = {
        "signed": np.full((1024, 1024), -3, np.int8),
        "unsigned": np.full((2, 1024, 1024), 200, np.uint8),
        "small": np.full((1000, 1000), 1, np.int8),
        "floats": np.full((1024, 1024), 1.5, np.float32),
    }
    initializers = [numpy_helper.from_array(table, name) for name, table in tables.items()]
    initializers.append(helper.make_tensor("listed", TensorProto.INT8, [3], [1, 2, 3]))
    graph = helper.make_graph([], "tables", [], [], initializers)
    onnx.save(helper.make_model(graph), tmp_path / "tables.onnx")
    found = large_tables(tmp_path / "tables.onnx")
    assert set(found) == {"signed", "unsigned"}
    for name, table in found.items():
        np.testing.assert_array_equal(table, tables[name])


_LOADED = """
import sys
from pathlib import Path
from conversational_rag.concurrency import memory
from conversational_rag.embedding.model_folder import exported
from conversational_rag.embedding.onnx import SHIPPED_FOLDER, OnnxEmbedder
embedder = OnnxEmbedder(exported(SHIPPED_FOLDER, "all-MiniLM-L6-v2", is_shipped=sys.argv[1] == "shipped"))
embedder.embed(["one"])
memory.give_back()  # what reading the model has left behind is more or less, by chance
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")))
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux' /proc")
def test_the_words_take_no_memory_of_their_own() -> None:
    shipped, other = (
        int(subprocess.run([sys.executable, "-c", _LOADED, kind], capture_output=True, text=True, check=True).stdout)
        for kind in ("shipped", "other")
    )
    assert shipped < other - 9 * 1024
