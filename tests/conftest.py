"""The server and the Groq stand-in that tests share; each test makes its own clients."""

from collections.abc import Iterator

import pytest
from groq_stand_in import GroqStandIn
from hypothesis import settings
from running_server import RunningServer

# No test is timed: other work on the machine would fail it.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def groq() -> Iterator[GroqStandIn]:
    with GroqStandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, groq: GroqStandIn) -> Iterator[RunningServer]:
    """One server with a model for all tests of a process."""
    folder = tmp_path_factory.mktemp("server")
    with RunningServer(folder, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url) as running:
        yield running


@pytest.fixture(scope="session")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server without a key for all tests of a process."""
    with RunningServer(tmp_path_factory.mktemp("keyless")) as running:
        yield running
