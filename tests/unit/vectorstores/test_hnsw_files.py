"""An index's files: whole, or what is missing from them."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.vectorstores import hnsw_files


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of 7 elements of 100 bytes each, as hnswlib lays it out."""
    (tmp_path / "header.bin").write_bytes(struct.pack("<iQQQQ", 1, 0, 100, 7, 100) + bytes(64))
    (tmp_path / "data_level0.bin").write_bytes(bytes(700))
    (tmp_path / "length.bin").write_bytes(bytes(28))
    (tmp_path / "link_lists.bin").write_bytes(b"")
    (tmp_path / "index_metadata.pickle").write_bytes(b"x")
    return tmp_path


def _cut(name: str, size: int) -> Callable[[Path], object]:
    return lambda index: (index / name).write_bytes((index / name).read_bytes()[:size])


def _lose(name: str) -> Callable[[Path], object]:
    return lambda index: (index / name).unlink()


def test_a_whole_index_lacks_nothing(index: Path) -> None:
    assert hnsw_files.missing_from(index) is None


def test_room_for_more_elements_is_no_fault(index: Path) -> None:
    (index / "data_level0.bin").write_bytes(bytes(100 * 100))
    (index / "length.bin").write_bytes(bytes(4 * 100))
    assert hnsw_files.missing_from(index) is None


def test_a_layout_of_another_version_is_not_judged(index: Path) -> None:
    (index / "header.bin").write_bytes(struct.pack("<iQQQQ", 2, 0, 100, 9999, 100))
    assert hnsw_files.missing_from(index) is None


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_cut("data_level0.bin", 699), "data_level0.bin is too short"),
        (_cut("length.bin", 27), "length.bin is too short"),
        (_cut("header.bin", 35), "header.bin is too short"),
        (_cut("index_metadata.pickle", 0), "index_metadata.pickle is empty"),
        (_lose("data_level0.bin"), "data_level0.bin is not there"),
        (_lose("length.bin"), "length.bin is not there"),
        (_lose("header.bin"), "header.bin is not there"),
        (_lose("index_metadata.pickle"), "index_metadata.pickle is not there"),
    ],
)
def test_what_is_missing_is_named(index: Path, spoil: Callable[[Path], object], told: str) -> None:
    spoil(index)
    assert hnsw_files.missing_from(index) == told


def test_a_directory_that_is_gone_is_missing_too(tmp_path: Path) -> None:
    assert hnsw_files.missing_from(tmp_path / "gone") == "index_metadata.pickle is not there"


def test_removed_files_take_no_room_while_somebody_holds_them_open(tmp_path: Path) -> None:
    name = "0f8fad5b-d9cb-469f-a165-70867728950e"
    (tmp_path / name).mkdir()
    (tmp_path / name / "data_level0.bin").write_bytes(bytes(10_000))
    with (tmp_path / name / "data_level0.bin").open("rb") as held:
        hnsw_files.remove(tmp_path, [name, "not-there"])
        assert hnsw_files.names(tmp_path) == set()
        assert os.fstat(held.fileno()).st_size == 0


def test_what_a_link_in_an_index_points_at_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "link").symlink_to(tmp_path / "precious")
    hnsw_files.remove(tmp_path, ["index"])
    assert hnsw_files.names(tmp_path) == {"precious"}
    assert (tmp_path / "precious").read_bytes() == b"precious"
