"""The road of an upload, and a maker of keys, for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from diary import Diary
from locksmith import Locksmith
from workshop import Workshop


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """Its worker runs."""
    opened = await Workshop(tmp_path).open()
    yield opened
    await opened.close()


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Workshop]:
    """Its worker has not been started."""
    opened = await Workshop(tmp_path).open(work=False)
    yield opened
    await opened.close()


@pytest.fixture
async def smith(tmp_path: Path) -> AsyncIterator[Locksmith]:
    opened = await Locksmith(tmp_path).open()
    yield opened
    await opened.close()


@pytest.fixture
async def diary(tmp_path: Path) -> AsyncIterator[Diary]:
    opened = await Diary(tmp_path).open()
    yield opened
    await opened.close()
