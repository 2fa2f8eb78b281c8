"""What the tests of this room share."""

from collections.abc import Callable
from pathlib import Path

import pytest

Place = Callable[[bytes, str], Path]
FILES = Path(__file__).parents[2] / "files"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Puts a file's bytes on disk and says where."""

    def place(data: bytes, name: str = "file") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return place


@pytest.fixture
def harbour_doc() -> bytes:
    """A real DOC file: see tests/files/README.md."""
    return (FILES / "harbour.doc").read_bytes()
