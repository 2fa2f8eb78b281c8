"""A sign that the process was asked to stop, for those who would otherwise hold its end up, as open streams do.

The server waits for open connections before it tells the application anything; a signal is the first to know.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# None: a handler that was not set from Python.
_Handler = Callable[[int, FrameType | None], object] | int | None


class StopSign:
    """Up from the first SIGINT or SIGTERM on, as long as somebody watches for them."""

    def __init__(self) -> None:
        self.is_up = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look at signals before those who handle them; only in the main thread, others are told nothing."""
        handlers: dict[int, _Handler] = {}
        try:
            for number in _SIGNALS:
                handlers[number] = signal.getsignal(number)
                signal.signal(number, self._heard(handlers[number]))
        except ValueError:
            handlers.clear()
        try:
            yield
        finally:
            for known, handler in handlers.items():
                signal.signal(known, handler)

    def _heard(self, handler: _Handler) -> Callable[[int, FrameType | None], None]:
        def hear(number: int, frame: FrameType | None) -> None:
            self.is_up = True
            if callable(handler):
                handler(number, frame)
            else:
                signal.signal(number, handler)
                signal.raise_signal(number)

        return hear
