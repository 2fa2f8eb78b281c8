"""The instance that the settings name, for a command that opens it itself.

Its parts are loaded only then, which takes a second: a command that is told something wrong, reads files or asks a
running server does without them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from conversational_rag import loading
from conversational_rag.config import Settings

if TYPE_CHECKING:
    from conversational_rag.resources import Resources


@asynccontextmanager
async def opened(settings: Settings, *, upkeep: bool = False, recover: bool = True) -> AsyncIterator["Resources"]:
    """The parts of an instance, brought up to date and begun; see `Resources.open`. Raises StartError."""
    with loading.frugally():
        from conversational_rag import resources

    async with resources.opened(settings, upkeep=upkeep, recover=recover) as parts:
        yield parts


@asynccontextmanager
async def held(settings: Settings) -> AsyncIterator["Resources"]:
    """The parts of an instance as it lies there; nothing is begun or mended. Raises DataInUse."""
    with loading.frugally():
        from conversational_rag.observability.metrics import Metrics
        from conversational_rag.resources import Resources

    parts = Resources(settings, Metrics())
    try:
        parts.locks.acquire()
        yield parts
    finally:
        await parts.close()
