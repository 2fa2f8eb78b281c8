"""The processes that read files: one file at a time each, started when needed, ended when they have rested for long."""

import asyncio
from typing import Any

from conversational_rag.concurrency.child import ChildProcess, ChildRefused
from conversational_rag.concurrency.frames import Frame

_MODULE = "conversational_rag.ingestion.parser_process"
# A child is replaced after so many files, or when one has swollen it: only its end gives memory back for sure.
_FILES_PER_CHILD = 200
_SWOLLEN_MB = 256


class ParserPool:
    """Up to `children` files are read side by side, so that a slow one does not hold up all others."""

    def __init__(self, memory_bytes: int, children: int, idle_seconds: float) -> None:
        """`memory_bytes` of address space for each child; it ends after `idle_seconds` without a file."""
        self._parsers = [_Parser(memory_bytes, idle_seconds) for _ in range(children)]
        # The one that was busy last is taken first: the others come into being only when files wait.
        self._idle: asyncio.LifoQueue[_Parser] = asyncio.LifoQueue()
        for parser in self._parsers:
            self._idle.put_nowait(parser)

    @property
    def pids(self) -> list[int]:
        """The process ids of the children there are."""
        return [parser.child.pid for parser in self._parsers if parser.child.pid is not None]

    async def parse(self, arguments: dict[str, Any], seconds: float) -> Frame:
        """The child's answer. Raises ChildFailed, as ChildTimedOut after so many seconds of reading."""
        parser = await self._idle.get()
        try:
            return await parser.parse(arguments, seconds)
        finally:
            self._idle.put_nowait(parser)

    async def close(self) -> None:
        """Let the files that are being read end, then the children."""
        await asyncio.gather(*(parser.close() for parser in self._parsers))


class _Parser:
    """One child after the other."""

    def __init__(self, memory_bytes: int, idle_seconds: float) -> None:
        self._memory_bytes, self._idle_seconds = memory_bytes, idle_seconds
        self._files = 0
        self._rest: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self.child = self._new_child()

    async def parse(self, arguments: dict[str, Any], seconds: float) -> Frame:
        if self._rest is not None:
            self._rest.cancel()
        is_worn = True  # so it is unless its answer says otherwise
        try:
            answer = await self.child.call("parse", arguments, timeout_seconds=seconds)
            is_worn = answer.header["result"]["resident_mb"] > _SWOLLEN_MB
        except ChildRefused as refusal:
            is_worn = refusal.kind == MemoryError.__name__
            raise
        finally:
            self._files += 1
            self._rest = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_rest)
            if is_worn or self._files >= _FILES_PER_CHILD:
                await self._replace()
        return answer

    async def close(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        await asyncio.gather(self.child.stop(), *self._ending)

    async def _replace(self) -> None:
        """The next child is not started before there is a file for it."""
        spent, self.child, self._files = self.child, self._new_child(), 0
        await spent.stop()

    def _end_rest(self) -> None:
        ending = asyncio.get_running_loop().create_task(self._replace())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _new_child(self) -> ChildProcess:
        return ChildProcess(_MODULE, str(self._memory_bytes), kill_when_cancelled=True)
