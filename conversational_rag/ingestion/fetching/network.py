"""The way to a page: its name is looked up once, and the connection goes to the very address that was checked."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import httpcore2

from conversational_rag.errors import UrlRefused, UrlUnreachable
from conversational_rag.ingestion.fetching.addresses import Address, is_public

# From a host's name, or its address as text, to its addresses; raises OSError when there are none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]

_MOST_TRIED = 4  # whoever runs a name's DNS decides how many addresses it has
# Of their own, because a name server that never answers would else hold the threads that everybody shares.
_LOOKUPS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="page-lookup")


async def system_addresses(host: str) -> list[str]:
    """What the operating system says, in its order of preference. Raises OSError."""
    return await asyncio.get_running_loop().run_in_executor(_LOOKUPS, _look_up, host)


def _look_up(host: str) -> list[str]:
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class PublicNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses alone.

    It stands below HTTP and TLS, which go on speaking of the host by its name: the Host header, SNI and the
    certificate's check are those of the name, and no second lookup can put another address in its place.
    """

    def __init__(self, resolve: Resolve, network: httpcore2.AsyncNetworkBackend) -> None:
        """`network` makes the connections, to addresses only."""
        self._resolve, self._network = resolve, network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 httpcore2's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """`timeout` is in seconds, for each address. Raises UrlRefused, UrlUnreachable and httpcore2's ConnectError."""
        *first, last = (await self._addresses(host))[:_MOST_TRIED]
        for address in first:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
        return await self._network.connect_tcp(str(last), port, timeout, local_address, socket_options)

    async def _addresses(self, host: str) -> list[Address]:
        """All of the host's addresses; one that is not public among them is a trap, not a choice."""
        try:
            addresses = [ip_address(text) for text in await self._resolve(host)]
        except OSError as error:
            raise UrlUnreachable(f"There is no host called {host}; check the URL's spelling.") from error
        if not addresses:
            raise UrlUnreachable(f"The host {host} has no address; check the URL's spelling.")
        if not all(is_public(address) for address in addresses):
            raise UrlRefused(f"The host {host} is not on the public internet; only public pages are fetched.")
        return addresses
