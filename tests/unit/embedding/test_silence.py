"""Embedding is nobody else's business: the library behind it reports nothing and leaves no id of the machine."""

import subprocess
import sys
from pathlib import Path

from running_server import ROOT

LOAD = """
from conversational_rag.embedding.registry import load_embedder
print(load_embedder("all-MiniLM-L6-v2", threads=1).embed(["a"]).shape)
"""


def test_loading_a_model_leaves_no_trace_in_the_home_folder_or_the_temporary_one(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    env = {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "(1, 384)\n", done.stderr
    assert [*home.rglob("*"), *temporary.rglob("*")] == []
