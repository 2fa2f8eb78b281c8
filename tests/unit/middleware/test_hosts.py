"""The service answers to its names, and to no others."""

import pytest
from asgi_exchange import exchange, greet

from conversational_rag.middleware.hosts import Hosts


async def status(host: str | None, *names: str) -> int:
    headers = {} if host is None else {"Host": host}
    return (await exchange(Hosts(greet, names), headers=headers)).status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:8000",
        "localhost.:8000",
        "a.localhost",
        "127.0.0.1:8000",
        "127.9.9.9",
        "[::1]:8000",
        "[::1]",
    ],
)
async def test_the_names_of_this_machine_are_always_right(host: str) -> None:
    assert await status(host) == 200
    assert await status(host, "rag.example.org") == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "localhost@evil.example",
        "0.0.0.0",
        "192.168.1.7",
        "rag.example.org",
        "[::1",
        "localhost:80:80",
        "localhost:x",
    ],
)
async def test_a_name_that_can_be_made_to_lead_here_is_refused(host: str | None) -> None:
    answer = await exchange(Hosts(greet, ()), headers={} if host is None else {"Host": host})
    assert (answer.status, answer.code) == (400, "host_refused")


async def test_names_that_were_given_are_right_with_any_port_and_in_any_case() -> None:
    for host in ("rag.example.org", "RAG.example.org:8443", "rag.example.org."):
        assert await status(host, "Rag.Example.org") == 200
    assert await status("other.example.org", "rag.example.org") == 400
    assert await status("rag.example.org.evil.example", "rag.example.org") == 400


async def test_a_star_stands_for_all_names_below() -> None:
    assert await status("a.example.org", "*.example.org") == 200
    assert await status("a.b.example.org:80", "*.example.org") == 200
    assert await status("example.org", "*.example.org") == 400
    assert await status("badexample.org", "*.example.org") == 400


async def test_two_names_at_once_are_none() -> None:
    answer = await exchange(Hosts(greet, ()), headers=[("Host", "localhost"), ("Host", "evil.example")])
    assert answer.status == 400


async def test_a_websocket_is_refused_before_it_is_accepted() -> None:
    refused = await exchange(Hosts(greet, ()), headers={"Host": "evil.example"}, type="websocket")
    assert (refused.messages[0]["type"], refused.status) == ("websocket.http.response.start", 400)
    assert (await exchange(Hosts(greet, ()), headers={"Host": "localhost"}, type="websocket")).messages == [
        {"type": "websocket.accept"}
    ]
