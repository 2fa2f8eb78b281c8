"""Limits on files for Chroma's process: how large one may grow, and how many indexes it may hold open."""

import resource
import signal

_LARGEST_FILE_BYTES = 8 * 1024**3  # a damaged index has been seen to grow until the disk was full
_FILES_AN_INDEX = 5
FEWEST_OPEN = 64  # Chroma keeps open indexes in 64 shards, each for as many whole ones, but for one at the least
_OTHER_FILES = 128


def bound_size() -> None:
    """A write beyond the limit fails instead of ending the process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_at_most(_LARGEST_FILE_BYTES, hard), hard))


def make_room(open_collections: int) -> int:
    """How many indexes may be open at once: so many, or as many as the hard limit of open files allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = _at_most(_FILES_AN_INDEX * max(open_collections, FEWEST_OPEN) + _OTHER_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < room:
        resource.setrlimit(resource.RLIMIT_NOFILE, (room, hard))
    return max(1, min(open_collections, (room - _OTHER_FILES) // _FILES_AN_INDEX))


def _at_most(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
