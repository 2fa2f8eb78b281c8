"""Reads many streams at once and cheaply, so that what is measured is who speaks: when each of their words came."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_WORDS, _END, _ERROR, _LAST_CHUNK = b"event: delta", b"event: end\n", b"event: error", b"0\r\n\r\n"


@dataclass(slots=True)
class Heard:
    """A stream, as it was heard: seconds from the question to each portion of words, of which one read brings one or
    more."""

    times: list[float] = field(default_factory=list)
    whole: bool = False
    fault: str = ""

    @property
    def gaps(self) -> list[float]:
        """The seconds between two portions."""
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


class StreamReader(asyncio.Protocol):
    """One question and the product's stream; looks for the names of its events, and takes nothing apart."""

    def __init__(self, request: bytes) -> None:
        self.heard, self.closed = Heard(), asyncio.get_running_loop().create_future()
        self._request, self._began, self._kept = request, time.perf_counter(), b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note when words came, and whether it was the end. A name may be cut in two by a read."""
        if not self._kept and not data.startswith(b"HTTP/1.1 200"):
            self.heard.fault = data[:300].decode("latin-1")
        seen = self._kept + data
        if _WORDS in seen:
            self.heard.times.append(time.perf_counter() - self._began)
        self.heard.whole |= _END in seen
        if _ERROR in seen:
            self.heard.fault = seen[-300:].decode("latin-1")
        self._kept = seen[1 - len(_WORDS) :]
        if self.heard.whole and seen.endswith(_LAST_CHUNK):
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, well or not."""
        if exc is not None:
            self.heard.fault = repr(exc)
        if not self.closed.done():
            self.closed.set_result(None)


async def hear_all(url: str, bodies: Sequence[dict[str, Any]]) -> list[Heard]:
    """Ask all at once, and hear each to its end."""
    return await asyncio.gather(*(hear(url, body) for body in bodies))


async def hear(url: str, body: dict[str, Any]) -> Heard:
    """One stream."""
    place, content = urlsplit(url), json.dumps(body).encode()
    head = f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
    loop = asyncio.get_running_loop()
    try:
        _, reader = await loop.create_connection(lambda: StreamReader(request), place.hostname or "", place.port or 80)
    except OSError as error:
        return Heard(fault=repr(error))
    await reader.closed
    return reader.heard
