"""Where a request came from."""

from typing import Any

import pytest

from conversational_rag.middleware.connection import address_of


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
