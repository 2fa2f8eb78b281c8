"""Lock files: one process owns the data, and a second one is told so."""

import fcntl
import os
from pathlib import Path

from conversational_rag.errors import DataInUse


class LockFile:
    """Held from `acquire` until `release` or the end of the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises DataInUse when another process holds the lock."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(descriptor, 32).decode(errors="replace").strip()
            os.close(descriptor)
            raise DataInUse(
                f"Another process ({owner or 'unknown'}) uses the data in {self._path.parent}; "
                "stop it first, or set DATA_DIR (and SESSION_DB_PATH) to another folder."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"pid {os.getpid()}\n".encode())
        self._descriptor = descriptor

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
        self.acquire()
        self.release()

    def acquire(self) -> None:
        """Raises DataInUse when another process holds one of the locks."""
        try:
            for lock in self._locks:
                lock.acquire()
        except DataInUse:
            self.release()
            raise

    def release(self) -> None:
        """Let the next process in."""
        for lock in self._locks:
            lock.release()
