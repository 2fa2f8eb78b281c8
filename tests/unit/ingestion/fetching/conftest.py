"""What the tests of this room share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_web import PUBLIC, SmallWeb

from conversational_rag.ingestion.fetching.pages import WebPages

Landed = Callable[[], bytes | None]


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    """An internet whose only name is www.example.org."""
    with SmallWeb() as web:
        web.name("www.example.org", [PUBLIC])
        yield web


@pytest.fixture
def pages(web: SmallWeb) -> WebPages:
    """Pages of up to 100,000 bytes, with the rules that production has."""
    return WebPages(max_bytes=100_000, seconds=20, resolve=web.resolve, network=web)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "page"


@pytest.fixture
def landed(into: Path) -> Landed:
    """What the file holds by now; None when there is none."""
    return lambda: into.read_bytes() if into.exists() else None
