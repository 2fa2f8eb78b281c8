"""Files below a folder get names that tell them apart."""

import os
from pathlib import Path

import pytest
import typer

from conversational_rag.cli.ingesting import named_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.txt", "deep/a.txt", "deep/deeper/b.txt", ".git/config", "deep/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_way_to_a_file_is_part_of_its_name(folder: Path) -> None:
    assert named_files([folder]) == {
        "a.txt": folder / "a.txt",
        "deep - a.txt": folder / "deep/a.txt",
        "deep - deeper - b.txt": folder / "deep/deeper/b.txt",
    }


def test_a_file_that_was_named_itself_keeps_its_name_and_counts_once(folder: Path) -> None:
    assert list(named_files([folder / "deep/a.txt", folder / "deep" / "a.txt"])) == ["a.txt"]


@pytest.mark.parametrize("paths", [("a.txt", "deep/a.txt"), (".", "deep")])
def test_two_files_of_one_name_are_refused(folder: Path, paths: tuple[str, str]) -> None:
    with pytest.raises(typer.BadParameter, match=r"both be stored as 'a\.txt'"):
        named_files([folder / path for path in paths])


def test_a_name_that_is_no_utf_8_can_be_sent(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("coffee")
    (name,) = named_files([tmp_path])
    assert name == "caf\N{REPLACEMENT CHARACTER}.txt"
