"""The instance that the settings name, while it does not run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from conversational_rag.config import Settings
from conversational_rag.observability.metrics import Metrics
from conversational_rag.resources import Resources


@asynccontextmanager
async def held(settings: Settings) -> AsyncIterator[Resources]:
    """The parts of an instance that does not run, as it lies there; nothing is begun or mended. Raises DataInUse."""
    resources = Resources(settings, Metrics())
    try:
        resources.locks.acquire()
        yield resources
    finally:
        await resources.close()
