"""Memory: what a start has freed goes back to the operating system."""

import ctypes


def give_back() -> None:
    """Return what the C library keeps for later; only glibc's does, and can be asked. Takes some milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
