"""A stop is noticed at once, and those who handle it still do."""

import os
import signal
import threading

from conversational_rag.concurrency.stop_sign import StopSign


def test_the_sign_goes_up_with_the_signal_and_the_handler_before_it_still_runs() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        sign = StopSign()
        with sign.watching():
            assert not sign.is_up
            os.kill(os.getpid(), signal.SIGTERM)
            assert sign.is_up
        assert heard == [signal.SIGTERM]
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_the_main_thread_nothing_is_watched_and_nothing_breaks() -> None:
    seen: list[bool] = []

    def watch() -> None:
        sign = StopSign()
        with sign.watching():
            seen.append(sign.is_up)

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert seen == [False]
