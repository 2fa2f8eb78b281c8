"""Leftovers: what a second look finds of something that was deleted. It is removed then; there should be none."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Rows in SQL, vectors in the index, files on the disk."""

    rows: int = 0
    vectors: int = 0
    files: int = 0


NOTHING = Leftovers()
