"""From a name to a connection, below HTTP."""

import httpcore2
import pytest
from small_web import ALSO_PUBLIC, PUBLIC, SmallWeb

from conversational_rag.errors import UrlRefused
from conversational_rag.ingestion.fetching.network import PublicNetwork, system_addresses

HOST = "www.example.org"


async def test_the_operating_systems_addresses_are_plain() -> None:
    addresses = await system_addresses("localhost")
    assert "127.0.0.1" in addresses or "::1" in addresses
    assert await system_addresses("127.1") == ["127.0.0.1"]


async def test_what_the_operating_system_calls_localhost_is_not_connected_to(web: SmallWeb) -> None:
    network = PublicNetwork(system_addresses, web)
    for host in ("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "::1", "::ffff:127.0.0.1"):
        with pytest.raises(UrlRefused):
            await network.connect_tcp(host, 80)
    assert web.dialled == []


async def test_an_address_that_does_not_answer_is_passed_over(web: SmallWeb) -> None:
    web.name(HOST, [ALSO_PUBLIC, PUBLIC])
    web.dead = {ALSO_PUBLIC}
    stream = await PublicNetwork(web.resolve, web).connect_tcp(HOST, 443)
    await stream.write(b"GET / HTTP/1.1\r\n\r\n")
    assert (await stream.read(100)).startswith(b"HTTP/1.1 404")
    await stream.aclose()
    assert web.dialled == [(ALSO_PUBLIC, 443), (PUBLIC, 443)]


async def test_a_name_with_a_hundred_dead_addresses_is_given_up_soon(web: SmallWeb) -> None:
    addresses = [f"8.8.8.{number}" for number in range(100)]
    web.name(HOST, addresses)
    web.dead = set(addresses)
    with pytest.raises(httpcore2.ConnectError):
        await PublicNetwork(web.resolve, web).connect_tcp(HOST, 80)
    assert web.dialled == [(address, 80) for address in addresses[:4]]


async def test_a_private_address_is_found_wherever_it_stands(web: SmallWeb) -> None:
    web.name(HOST, [*[f"8.8.8.{number}" for number in range(100)], "127.0.0.1"])
    with pytest.raises(UrlRefused):
        await PublicNetwork(web.resolve, web).connect_tcp(HOST, 80)
    assert web.dialled == []
