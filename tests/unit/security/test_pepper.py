"""The pepper: a setting, or a file that is made once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from conversational_rag.errors import ConfigurationError
from conversational_rag.security import pepper

ROOT = Path(__file__).parents[3]
_LOAD = """
import sys
from pathlib import Path
from conversational_rag.security import pepper
sys.stdin.readline()
print(pepper.load(None, Path(sys.argv[1])).decode())
"""


def test_the_setting_goes_before_the_file_and_makes_none(tmp_path: Path) -> None:
    assert pepper.load(SecretStr("mine"), tmp_path / "data") == b"mine"
    assert not (tmp_path / "data").exists()


def test_the_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    made = pepper.load(None, tmp_path / "data")
    file = tmp_path / "data" / "key_pepper"
    assert [path.name for path in file.parent.iterdir()] == ["key_pepper"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(made.decode())) == 32
    assert pepper.load(None, tmp_path / "data") == made
    assert pepper.load(SecretStr(""), tmp_path / "data") == made, "an empty setting is none"
    assert pepper.load(None, tmp_path / "other") != made


def test_what_the_file_holds_can_become_the_setting(tmp_path: Path) -> None:
    made = pepper.load(None, tmp_path)
    assert pepper.load(SecretStr((tmp_path / "key_pepper").read_text().strip()), tmp_path / "other") == made


def test_processes_that_need_it_at_the_same_moment_get_the_same(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _LOAD, str(tmp_path / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert answers == {(tmp_path / "data" / "key_pepper").read_text()}


def test_what_a_kill_left_half_written_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / ".key_pepper.part").write_text("half")
    assert len(pepper.load(None, tmp_path)) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["key_pepper"]


def test_a_file_that_was_emptied_is_not_taken_for_another_pepper(tmp_path: Path) -> None:
    (tmp_path / "key_pepper").write_text("\n")
    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        pepper.load(None, tmp_path)


def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "key_pepper").mkdir()
    with pytest.raises(ConfigurationError, match=r"key_pepper .*KEY_PEPPER"):
        pepper.load(None, tmp_path)
