"""The parent's side of a child process: start it when needed, call it, outlive its death."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from conversational_rag.concurrency.frames import Frame, read_frame
from conversational_rag.concurrency.turnstile import Turnstile

_STREAM_LIMIT = 64 * 1024
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_DEATH_SECONDS = 1.0


class ChildFailed(Exception):
    """The base of what can go wrong with a call to a child process."""


class ChildDied(ChildFailed):
    """The child ended during the call; `exit_code` is negative when a signal ended it."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the child process ended with {exit_code}")
        self.exit_code = exit_code


class ChildNotStarted(ChildDied):
    """There is no child to call: `kind` says why, the class name of what stopped its start or "Stopped"."""

    def __init__(self, kind: str, message: str, exit_code: int | None = None) -> None:
        super().__init__(exit_code)
        self.args = (f"the child process did not start: {kind}: {message}",)
        self.kind, self.message = kind, message


class ChildTimedOut(ChildFailed):
    """The call took longer than it may; the child was killed."""


class ChildRefused(ChildFailed):
    """The child is well, but its handler raised: `kind` is the exception's class name."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message


class ChildProcess:
    """`python -m module arguments…`, serving frames (see `serving.serve`). Calls go one at a time, urgent ones first.

    A child that has died is started again by the next call. It is spawned, never forked: a fork
    after Chroma or onnxruntime has started threads hangs. It does not inherit API keys: one kind of child reads hostile
    files.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        kill_when_cancelled: bool = False,
        before_start: Callable[[], None] = lambda: None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`kill_when_cancelled`: a cancelled caller costs the child its life; otherwise its call runs to the end.

        `before_start` may refuse a start by raising; the caller whose call wanted it gets the exception.
        `environment` is added to what it inherits.
        """
        self._command = (sys.executable, "-m", module, *arguments)
        self._kill_when_cancelled = kill_when_cancelled
        self._before_start, self._environment = before_start, environment or {}
        self._calls: set[asyncio.Task[Frame]] = set()
        self._turnstile = Turnstile()
        self._process: asyncio.subprocess.Process | None = None
        self._closed = False
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The running child's process id, None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def call(
        self,
        method: str,
        arguments: dict[str, Any] | None = None,
        payload: bytes = b"",
        *,
        urgent: bool = False,
        timeout_seconds: float | None = None,
    ) -> Frame:
        """The answer of the child's handler: a frame whose header's "result" it returned. Raises ChildFailed."""
        frame = Frame({"method": method, "arguments": arguments or {}}, payload)
        # A task of its own: half an answer must never be left in the pipe by a caller that goes away.
        call = asyncio.create_task(self._in_turn(frame, urgent, timeout_seconds))
        self._calls.add(call)
        call.add_done_callback(self._forget)
        try:
            answer = await asyncio.shield(call)
        except asyncio.CancelledError:
            if self._kill_when_cancelled:
                call.cancel()
            raise
        if "error" in answer.header:
            raise ChildRefused(**answer.header["error"])
        return answer

    async def _in_turn(self, frame: Frame, urgent: bool, timeout_seconds: float | None) -> Frame:
        async with self._turnstile.turn(urgent=urgent):
            if self._closed:
                raise ChildNotStarted("Stopped", "its parent has stopped it")
            process = await self._started()
            return await self._exchange(process, frame, timeout_seconds)

    def _forget(self, call: asyncio.Task[Frame]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # seen: an abandoned call's failure is nobody's news

    async def stop(self) -> None:
        """Let the running call finish, close the pipe, and kill the child only if it does not go."""
        async with self._turnstile.turn(urgent=True):
            self._closed = True
            if self._process is None or self._process.returncode is not None:
                return
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._end(self._process, _STOP_SECONDS)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._before_start()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_STREAM_LIMIT,
                env={**_environment(), **self._environment},
            )
        except OSError as error:
            raise ChildNotStarted(type(error).__name__, str(error)) from error
        self.starts += 1
        await self._greeted(self._process)
        return self._process

    async def _greeted(self, process: asyncio.subprocess.Process) -> None:
        try:
            greeting = await self._exchange(process, None, _START_SECONDS)
        except (ChildDied, ChildTimedOut) as error:
            raise ChildNotStarted(type(error).__name__, str(error), process.returncode) from error
        if "error" in greeting.header:
            await self._end(process, _DEATH_SECONDS)
            raise ChildNotStarted(**greeting.header["error"], exit_code=process.returncode)

    async def _exchange(
        self, process: asyncio.subprocess.Process, call: Frame | None, timeout_seconds: float | None
    ) -> Frame:
        """Send the call (None: wait for the greeting) and read one frame."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(timeout_seconds):
                if call is not None:
                    process.stdin.write(call.encode())
                    await process.stdin.drain()
                return await read_frame(process.stdout)
        except TimeoutError:
            await self._kill(process)
            raise ChildTimedOut(f"no answer within {timeout_seconds} seconds") from None
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            await self._end(process, _DEATH_SECONDS)
            raise ChildDied(process.returncode) from None
        except asyncio.CancelledError:
            await self._kill(process)
            raise

    async def _end(self, process: asyncio.subprocess.Process, grace_seconds: float) -> None:
        """See the child end by itself, or kill it. To kill one that is already dead would lose its exit code."""
        try:
            await asyncio.wait_for(process.wait(), grace_seconds)
        except TimeoutError:
            await self._kill(process)

    async def _kill(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """Ours without API keys, and with the place where this package was found: the parent may know it by other means."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    paths = (str(Path(__file__).parents[2]), kept.get("PYTHONPATH", ""))
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
