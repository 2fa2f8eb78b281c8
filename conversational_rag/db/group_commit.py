"""Group commit: small writes that wait at the same time share one transaction, and with it one wait for the disk."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

# A turn writes two times, in some tenths of a millisecond: nobody waits long for those beside him.
_MOST_TOGETHER = 32


class Transact(Protocol):
    """Runs work in one transaction, in the calling thread."""

    def __call__(self, work: Callable[[Connection], T], /) -> T:
        """What the work returns, once it is committed."""


class Write(Generic[T]):
    """A write under way, for one event loop."""

    def __init__(self, work: Callable[[Connection], T], *, foretold: bool = False) -> None:
        """`foretold`: somebody goes on with the outcome before it stands."""
        self.work, self.foretold = work, foretold
        self._loop = asyncio.get_running_loop()
        self._outcome: asyncio.Future[T] = self._loop.create_future()
        self._stored: asyncio.Future[T] = self._loop.create_future()
        self._stored.add_done_callback(_note_failure)
        self._outcome.add_done_callback(_note_failure)

    async def outcome(self) -> T:
        """What the work has returned, or raises what it has raised; it stands only when `stored` has returned."""
        return await asyncio.shield(self._outcome)

    async def stored(self) -> T:
        """The same once it stands; raises what kept it from that. Whoever leaves does not undo it."""
        return await asyncio.shield(self._stored)

    def foretell(self, outcome: T) -> None:
        """From any thread."""
        if self.foretold:
            self._loop.call_soon_threadsafe(_set, self._outcome, outcome)

    def end(self, outcome: T) -> None:
        """It stands. From any thread."""
        self._loop.call_soon_threadsafe(self._end, outcome)

    def fail(self, error: BaseException) -> None:
        """It was rolled back. From any thread."""
        self._loop.call_soon_threadsafe(self._fail, error)

    def _end(self, outcome: T) -> None:
        _set(self._outcome, outcome)
        _set(self._stored, outcome)

    def _fail(self, error: BaseException) -> None:
        for future in (self._outcome, self._stored):
            if not future.done():
                future.set_exception(error)


class GroupCommit:
    """Commits what waits. Work may run twice: where one of a group fails, nothing of the group stands, and each of it
    runs in a transaction of its own."""

    def __init__(self, transact: Transact, writing: Executor) -> None:
        """`writing` is the one thread that writes."""
        self._transact, self._writing = transact, writing
        self._waiting: deque[Write[Any]] = deque()
        self._is_due = False

    def add(self, write: Write[Any], within_seconds: float = 0.0) -> None:
        """It goes with the next that goes, and by itself when there was none in so many seconds."""
        self._waiting.append(write)
        if within_seconds:
            asyncio.get_running_loop().call_later(within_seconds, self._go)
        else:
            self._go()

    def flush(self) -> None:
        """Commit all that waits; blocks."""
        while self._waiting:
            self._writing.submit(self._commit_waiting).result()

    def _go(self) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            self._writing.submit(self._commit_waiting)

    def _commit_waiting(self) -> None:
        self._is_due = False
        group = list[Write[Any]]()
        while self._waiting and len(group) < _MOST_TOGETHER:
            group.append(self._waiting.popleft())
        if len(group) < 2 or not self._commit(group):
            for write in group:
                self._commit([write])
        if len(group) == _MOST_TOGETHER:
            self._go()

    def _commit(self, group: Sequence[Write[Any]]) -> bool:
        """Whether it is settled: not when one of several has failed before the commit."""
        outcomes = list[Any]()

        def work(connection: Connection) -> None:
            outcomes.extend([write.work(connection) for write in group])
            for write, outcome in zip(group, outcomes, strict=True):
                write.foretell(outcome)

        try:
            self._transact(work)
        except Exception as error:  # noqa: BLE001 handed on to those who wait
            if len(group) > 1 and not outcomes:
                return False
            for write in group:
                write.fail(error)
        else:
            for write, outcome in zip(group, outcomes, strict=True):
                write.end(outcome)
        return True


def _set(future: "asyncio.Future[T]", outcome: T) -> None:
    if not future.done():
        future.set_result(outcome)


def _note_failure(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()  # seen: whoever waits is told
