"""Upkeep: what runs beside the requests for as long as the service lives."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done again and again: `every_seconds` after its last end, and later after each failure in a row."""

    name: str
    work: Callable[[], Awaitable[object]]
    every_seconds: float


class Upkeep:
    """Runs each chore in a task of its own; a failure is logged and does not stop it."""

    def __init__(self, *chores: Chore) -> None:
        self._chores = chores
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; inside a running event loop."""
        self._tasks = [asyncio.create_task(_repeat(chore), name=chore.name) for chore in self._chores]

    async def stop(self) -> None:
        """End all chores, wherever they are: each leaves a state from which a start goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _repeat(chore: Chore) -> None:
    pause = 0.0
    while True:
        await asyncio.sleep(max(chore.every_seconds, pause))
        try:
            await chore.work()
            pause = 0.0
        except Exception as error:  # noqa: BLE001 one failure must not end the chore
            pause = min(max(2 * pause, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
            _log.warning("chore_failed", chore=chore.name, reason=str(error), next_try_seconds=pause)
