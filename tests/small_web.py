"""A small public internet for tests: names with addresses, and one server on a loopback port behind every address.

It answers at private addresses as well, so that a fetcher that dials one gets a page, and its test fails.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import httpcore2
from loopback_http import Answering, Exchange, LoopbackServer

PUBLIC = "93.184.216.34"
ALSO_PUBLIC = "2606:2800:220:1::1"


class SmallWeb(httpcore2.AsyncNetworkBackend):
    """Resolver and network in one. `asked` are the names looked up, `dialled` the connections."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {}
        self.pages: dict[str, Answering] = {}
        self.dead: set[str] = set()
        self.silent: set[str] = set()
        self.tls_port: int | None = None
        self.asked: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.requests: list[Exchange] = []
        self._server = LoopbackServer(self._answer)
        self._wire = httpcore2.AnyIOBackend()

    def __enter__(self) -> "SmallWeb":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def name(self, host: str, *answers: Sequence[str]) -> None:
        """What DNS says of the host, the first time, the second time …; the last answer stays."""
        self.answers[host] = list(answers)

    def page(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """A page at this path of every host; `content_type="text/html"` is the header Content-Type."""
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(exchange: Exchange) -> None:
            exchange.respond(status, body, dashed)

        self.pages[path] = answer

    def redirect(self, path: str, location: str, status: int = 302) -> None:
        self.page(path, status=status, location=location)

    async def resolve(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        answers = self.answers.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 httpcore2's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self.dialled.append((str(ip_address(host)), port))
        if host in self.dead:
            raise httpcore2.ConnectError("refused")
        if host in self.silent:
            await self._time_out(timeout)
        there = self.tls_port if port == 443 and self.tls_port else self._server.port
        return await self._wire.connect_tcp("127.0.0.1", there, timeout)

    async def _time_out(self, seconds: float | None) -> None:
        """At once, so that no test waits; but never, where nobody has set a time."""
        if seconds is None:
            await asyncio.Event().wait()
        raise httpcore2.ConnectTimeout("silent")

    async def _answer(self, exchange: Exchange) -> None:
        self.requests.append(exchange)
        page = self.pages.get(exchange.path)
        if page is None:
            exchange.respond(404, b"no such page", {})
        else:
            await page(exchange)
