"""The instance that the settings name: whether it runs, and how to get hold of it while it does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from conversational_rag.config import Settings
from conversational_rag.errors import DataInUse
from conversational_rag.observability.metrics import Metrics
from conversational_rag.resources import Resources, data_locks


def is_served(settings: Settings) -> bool:
    """Whether another process holds the data."""
    try:
        data_locks(settings).probe()
    except DataInUse:
        return True
    return False


@asynccontextmanager
async def held(settings: Settings) -> AsyncIterator[Resources]:
    """The parts of an instance that does not run, as it lies there; nothing is begun or mended. Raises DataInUse."""
    resources = Resources(settings, Metrics())
    try:
        resources.locks.acquire()
        yield resources
    finally:
        await resources.close()
