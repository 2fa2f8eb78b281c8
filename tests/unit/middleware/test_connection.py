"""Where a request came from."""

from typing import Any

import pytest

from conversational_rag.middleware.connection import address_of, header, headers


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 5000), "192.0.2.1"),
        (("::ffff:192.0.2.1", 5000, 0, 0), "192.0.2.1"),
        (("2001:DB8::1", 0), "2001:db8::1"),
        (None, "127.0.0.1"),
        (("", 0), "127.0.0.1"),
        (("whatever a proxy passed on", 0), "unknown"),
    ],
)
def test_it_is_an_address_or_unknown(client: Any, address: str) -> None:
    assert address_of({"type": "http", "client": client}) == address


def test_of_headers_that_come_twice_the_first_counts_and_both_can_be_had() -> None:
    scope = {"headers": [(b"host", b"a"), (b"accept", b"*/*"), (b"host", b"b\xfc")]}
    assert header(scope, b"host") == "a"
    assert headers(scope, b"host") == ["a", "bü"]
    assert header(scope, b"origin") is None
    assert headers(scope, b"origin") == []
