"""The pepper: what the server mixes into the digest of each key, so that its database alone proves none."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from conversational_rag.errors import ConfigurationError

FILENAME = "key_pepper"
_BYTES = 32


def load(given: SecretStr | None, folder: Path) -> bytes:
    """KEY_PEPPER where it is given, else what the file in DATA_DIR holds, which is made when there is none.

    Safe beside another process that does the same. Raises ConfigurationError.
    """
    if given:
        return given.get_secret_value().encode()
    try:
        return _read_or_make(folder / FILENAME)
    except OSError as error:
        raise ConfigurationError(
            f"The file {folder / FILENAME} cannot be read or written ({error.strerror}); mend that, or set KEY_PEPPER."
        ) from error


def _read_or_make(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return _read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone_in(path.parent):
        if not path.exists():
            _make(path)
    return _read(path)


def _read(path: Path) -> bytes:
    """The text itself, so that it can become KEY_PEPPER as it stands."""
    text = path.read_bytes().strip()
    if len(text) < 2 * _BYTES:
        raise ConfigurationError(
            f"The file {path} does not hold what was written there; restore it from a backup, or delete it and "
            "make new keys: the former ones are of no use without it."
        )
    return text


def _make(path: Path) -> None:
    """Written aside, synced and renamed: whoever sees the file sees all of it, also after a power cut."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secrets.token_hex(_BYTES)}\n")
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else makes a file here meanwhile; the folder is synced in the end."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
