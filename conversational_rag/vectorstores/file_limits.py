"""Limits on files for Chroma's process: how large one may grow, and how many indexes it may hold open."""

import contextlib
import resource
import signal
from collections.abc import Iterator

_LARGEST_FILE_BYTES = 8 * 1024**3  # a damaged index has been seen to grow until the disk was full
_FILES_AN_INDEX = 5  # Chroma holds a fifth of the limit of open files as open indexes
FEWEST_OPEN = 64  # ... in 64 shards, each for as many whole ones, but for one at the least
_OTHER_FILES = 128


def bound_size() -> None:
    """A write beyond the limit fails instead of ending the process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_at_most(_LARGEST_FILE_BYTES, hard), hard))


@contextlib.contextmanager
def index_cache(open_collections: int) -> Iterator[None]:
    """A client built inside caches this many indexes, or as many as the hard limit of open files allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = _at_most(_FILES_AN_INDEX * max(open_collections, FEWEST_OPEN) + _OTHER_FILES, hard)
    cache = min(_FILES_AN_INDEX * open_collections, room - _OTHER_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (cache, hard))
    try:
        yield
    finally:
        enough = soft == resource.RLIM_INFINITY or soft >= room
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft if enough else room, hard))


def _at_most(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
