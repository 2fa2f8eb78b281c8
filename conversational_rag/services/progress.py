"""Progress: how far each file is that is being taken in. Kept in memory: after a restart the file begins anew."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Progress:
    """Chunks embedded of how many; `since` in seconds of the monotonic clock."""

    chunks: int
    done: int = 0
    since: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before there is one."""
        elapsed = time.monotonic() - self.since
        return elapsed / self.done * (self.chunks - self.done) if self.done else None
