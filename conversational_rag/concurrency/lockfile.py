"""Lock files: one process owns the data, and a second one is told so."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from conversational_rag.errors import ConfigurationError, DataInUse, StartError

# Whoever only looks whether a lock is held has it for less than this.
_GLANCE_SECONDS = 1.0


class LockFile:
    """Held from `acquire` until `release` or the end of the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises DataInUse when another process holds the lock, ConfigurationError when it cannot be written."""
        deadline = time.monotonic() + _GLANCE_SECONDS
        while not self._try(fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise self._in_use()
            time.sleep(_GLANCE_SECONDS / 50)
        assert self._descriptor is not None
        descriptor = self._descriptor
        # The lock counts, not what is written there: on a full disk it holds as well.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"pid {os.getpid()}\n".encode())

    def probe(self) -> None:
        """Raises what `acquire` raises; others may look at the same time."""
        if not self._try(fcntl.LOCK_SH):
            raise self._in_use()
        self.release()

    def _try(self, kind: int) -> bool:
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def _in_use(self) -> DataInUse:
        owner = self._path.read_text(errors="replace")[:32].strip()
        return DataInUse(
            f"Another process ({owner or 'unknown'}) uses the data in {self._path.parent}; "
            "stop it first, or set DATA_DIR (and SESSION_DB_PATH) to another folder."
        )

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigurationError(
                f"The folder {self._path.parent} cannot be written ({error.strerror}); "
                "make it writable, or set DATA_DIR (and SESSION_DB_PATH) to another folder."
            ) from error

    def release(self) -> None:
        """Let the next process in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class LockFiles:
    """Several locks, taken together or not at all; the same path counts once."""

    def __init__(self, *paths: Path) -> None:
        self._locks = [LockFile(path) for path in dict.fromkeys(path.resolve() for path in paths)]

    def probe(self) -> None:
        """Raises DataInUse when another process holds one of the locks now; takes nothing."""
        for lock in self._locks:
            lock.probe()

    def acquire(self) -> None:
        """Raises DataInUse when another process holds one of the locks."""
        try:
            for lock in self._locks:
                lock.acquire()
        except StartError:
            self.release()
            raise

    def release(self) -> None:
        """Let the next process in."""
        for lock in self._locks:
            lock.release()
