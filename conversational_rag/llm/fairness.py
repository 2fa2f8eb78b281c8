"""Whose turn it is: the caller who has had least lately goes first, so that nobody's burst starves another."""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from conversational_rag.llm.asking import Asking

_MEMORY_SECONDS = 60.0
_FORGET_BELOW = 1.0
_MOST_CALLERS = 1000


class FairShares:
    """Remembers what each caller got, less and less of it; `clock` tells seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._had: dict[str, tuple[float, float]] = {}

    def add(self, caller: str, tokens: float) -> None:
        """The caller got so many tokens just now."""
        self._had[caller] = (self.lately(caller) + tokens, self._clock())
        if len(self._had) > _MOST_CALLERS:
            self._had = {name: had for name, had in self._had.items() if self.lately(name) > _FORGET_BELOW}

    def lately(self, caller: str) -> float:
        """The tokens it got, each counting the less the longer ago it was."""
        tokens, at = self._had.get(caller, (0.0, 0.0))
        return tokens * math.exp((at - self._clock()) / _MEMORY_SECONDS)

    def line(self, waiting: Iterable[Asking], usual_tokens: float) -> Iterator[Asking]:
        """Everybody who waits, in the order in which they should be served, should each get `usual_tokens`."""
        queues: dict[str, list[Asking]] = defaultdict(list)
        for asking in waiting:
            queues[asking.caller].append(asking)
        turns = [(self.lately(caller), number, caller, 0) for number, caller in enumerate(queues)]
        heapq.heapify(turns)
        while turns:
            had, number, caller, served = heapq.heappop(turns)
            yield queues[caller][served]
            if served + 1 < len(queues[caller]):
                heapq.heappush(turns, (had + usual_tokens, number, caller, served + 1))
