"""Pages on demand: what fetches them is loaded with the first."""

import subprocess
import sys
from pathlib import Path

import pytest

from conversational_rag.errors import UrlRefused
from conversational_rag.ingestion.fetching.on_demand import PagesOnDemand

_MADE = """
import sys
from conversational_rag.ingestion.fetching.on_demand import PagesOnDemand
PagesOnDemand(max_bytes=1, seconds=1)
print("httpcore2" in sys.modules)
"""


def test_nothing_is_loaded_before_a_page_is_wanted() -> None:
    assert subprocess.run([sys.executable, "-c", _MADE], capture_output=True, text=True, check=True).stdout == "False\n"


async def test_pages_are_fetched_as_carefully_as_ever(tmp_path: Path) -> None:
    pages = PagesOnDemand(max_bytes=100, seconds=10)
    for _ in range(2):
        with pytest.raises(UrlRefused):
            await pages.fetch("http://127.0.0.1/", tmp_path / "page")
