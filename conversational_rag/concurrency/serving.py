"""The child's side: answer the parent's calls, one at a time, until the parent goes."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from conversational_rag.concurrency.frames import Frame, read_frame_blocking

# A handler takes the payload and the call's arguments; it returns the result and a payload of its own.
Handler = Callable[..., tuple[Any, bytes]]


def serve(prepare: Callable[[], Mapping[str, Handler]]) -> None:
    """Call `prepare` once for the handlers, then serve stdin until it ends.

    Standard output carries frames, so whatever a library prints is sent to standard error instead.
    An exception of a handler goes to the parent as its class name and text; so does one of `prepare`, and ends the
    child.
    Ctrl-C and a service manager's TERM reach children too: only the parent may end this one, between two calls.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(BrokenPipeError):  # the parent was killed: nobody to answer
        handlers = _prepared(prepare, answers)
        _send(answers, Frame({"ready": os.getpid()}))
        while (call := read_frame_blocking(sys.stdin.buffer)) is not None:
            _send(answers, _answer(handlers, call))


def _prepared(prepare: Callable[[], Mapping[str, Handler]], answers: BinaryIO) -> Mapping[str, Handler]:
    try:
        return prepare()
    except Exception as error:
        _send(answers, _refusal(error))
        raise SystemExit(1) from error


def _answer(handlers: Mapping[str, Handler], call: Frame) -> Frame:
    try:
        result, payload = handlers[call.header["method"]](call.payload, **call.header["arguments"])
    except Exception as error:  # noqa: BLE001 the last resort of this process: the parent translates it
        return _refusal(error)
    return Frame({"result": result}, payload)


def _refusal(error: Exception) -> Frame:
    return Frame({"error": {"kind": type(error).__name__, "message": str(error)[:2000]}})


def _send(stream: BinaryIO, frame: Frame) -> None:
    stream.write(frame.encode())
    stream.flush()
