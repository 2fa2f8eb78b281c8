"""The pace of the worker: how often it looks, how long it holds a job, and when it tries one again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a lease is and how often it is kept, when a job that failed is tried again and how often, and how long
    an idle worker sleeps. The usual pauses of 1, 4, 16, … 300 seconds add up to a quarter of an hour."""

    lease_seconds: float = 60.0
    beat_seconds: float = 15.0
    idle_seconds: float = 30.0
    look_seconds: float = 5.0
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 300.0
    most_attempts: int = 8

    def pause_after(self, attempt: int) -> float:
        """Seconds until the next attempt; `attempt` counts from 1."""
        return min(self.first_pause_seconds * 4.0 ** (attempt - 1), self.longest_pause_seconds)
