"""Refusals: so many of them are written down, and the others counted, so that a flood of them cannot fill the audit."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_WINDOW_SECONDS = 60.0
# A minute: of one origin, and of all together.
_MOST_OF_ONE, _MOST_OF_ALL = 10, 300
_ORIGINS_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose refusals are counted together: a key's; without a key those of a network."""

    actor: str
    network: str | None = None


# Those that have been forgotten, all together.
_FORGOTTEN = Origin("nobody")


class Refusals:
    """Decides which refusals are written down, and counts the others."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tallies: OrderedDict[Origin, _Tally] = OrderedDict()
        self._all = _Tally(now())

    def admit(self, origin: Origin) -> bool:
        """Whether one more refusal of that origin is to be written down; if not, it is counted."""
        now, own = self._now(), self._tally(origin)
        for tally in (own, self._all):
            tally.begin_anew_after_a_window(now)
        if own.written >= _MOST_OF_ONE or self._all.written >= _MOST_OF_ALL:
            own.left_out += 1
            return False
        own.written += 1
        self._all.written += 1
        return True

    def take_left_out(self, origin: Origin) -> int:
        """How many refusals of that origin were left out since this was asked last."""
        tally = self._tally(origin)
        count, tally.left_out = tally.left_out, 0
        return count

    def take_all_left_out(self, *, at_once: bool) -> Iterator[tuple[Origin, int]]:
        """The same for every origin that has some, when its minute is over; or `at_once`."""
        now = self._now()
        for origin, tally in list(self._tallies.items()):
            if tally.left_out and (at_once or tally.is_over(now)):
                yield origin, self.take_left_out(origin)

    def _tally(self, origin: Origin) -> "_Tally":
        tally = self._tallies.setdefault(origin, _Tally(self._now()))
        self._tallies.move_to_end(origin)
        if len(self._tallies) > _ORIGINS_REMEMBERED:
            _, forgotten = self._tallies.popitem(last=False)
            if forgotten.left_out:
                self._tally(_FORGOTTEN).left_out += forgotten.left_out
        return tally


@dataclass(slots=True)
class _Tally:
    """Of a window of time: how many were written down, how many were not."""

    since: float
    written: int = 0
    left_out: int = 0

    def is_over(self, now: float) -> bool:
        return now >= self.since + _WINDOW_SECONDS

    def begin_anew_after_a_window(self, now: float) -> None:
        if self.is_over(now):
            self.since, self.written = now, 0
