"""A small HTTP/1.1 server on a loopback port, in a thread of its own, that can also hang, reset and break off.

Written on bare asyncio, because a framework would not let a test cut a connection in the middle of an answer.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Any

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Too Large"}
_START_SECONDS = 10


class Exchange:
    """One request and the means to answer it."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes, transport: Any) -> None:
        """`headers` are by lower-case name."""
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self._transport = transport

    def respond(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """A whole response at once."""
        self._head(status, headers | {"content-length": str(len(body))}, body)

    def respond_json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.respond(status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})

    def begin(self, headers: dict[str, str]) -> None:
        """A 200 whose body comes in pieces."""
        self._head(200, headers | {"transfer-encoding": "chunked"}, b"")

    def write(self, piece: bytes) -> None:
        self._transport.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def end(self) -> None:
        self._transport.write(b"0\r\n\r\n")

    def send(self, data: bytes) -> None:
        """These bytes as they are, be they HTTP or not."""
        self._transport.write(data)

    def close(self) -> None:
        """End the connection once everything is sent."""
        self._transport.close()

    def reset(self) -> None:
        """Cut the connection with a TCP reset, whatever has been sent."""
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    def _head(self, status: int, headers: dict[str, str], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}", *(f"{k}: {v}" for k, v in headers.items())]
        self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


Answering = Callable[[Exchange], Awaitable[None]]


class LoopbackServer:
    """Serves `answer` from `start` to `stop`. `connections_open` counts the TCP connections that clients hold."""

    def __init__(self, answer: Answering, port: int = 0) -> None:
        self._answer, self.port = answer, port
        self._connections: set[_Connection] = set()
        self._stop: Callable[[], object] | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loopback-http", daemon=True)

    @property
    def connections_open(self) -> int:
        return len(self._connections)

    def start(self) -> None:
        self._thread.start()
        if not self._started.wait(_START_SECONDS) or self._stop is None:
            raise RuntimeError(f"the loopback server could not take port {self.port}")

    def stop(self) -> None:
        assert self._stop is not None
        self._stop()
        self._thread.join(_START_SECONDS)

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # the port is taken: `start` says so
            asyncio.run(self._serve())
        self._started.set()

    async def _serve(self) -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await loop.create_server(
            lambda: _Connection(self._answer, self._connections), "127.0.0.1", self.port, backlog=1024
        )
        self.port = server.sockets[0].getsockname()[1]
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        self._started.set()
        await stopping.wait()
        server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.gather(*(c.task for c in self._connections if c.task is not None), return_exceptions=True)
        await server.wait_closed()


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other; when the client goes, its answer is cancelled."""

    transport: Any

    def __init__(self, answer: Answering, connections: "set[_Connection]") -> None:
        self._answer, self._connections = answer, connections
        self._received = b""
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._next()

    def _next(self) -> None:
        if self.task is None and (exchange := self._take()) is not None:
            self.task = asyncio.get_running_loop().create_task(self._run(exchange))

    def _take(self) -> Exchange | None:
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._received = rest[length:]
        method, path, _ = first.split(" ")
        return Exchange(method, path, headers, rest[:length], self.transport)

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self._answer(exchange)
        except BaseException:
            self.transport.abort()
            raise
        self.task = None
        self._next()
