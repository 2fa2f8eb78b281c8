"""While the service is open, it is open on this machine alone."""

from typing import Any

import pytest
from asgi_exchange import exchange, greet

from conversational_rag.middleware.local_only import LocalOnly

HERE = ("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("server", "client"),
    [
        (HERE, HERE),
        (("::1", 8000, 0, 0), ("::1", 5000, 0, 0)),
        (("::ffff:127.0.0.1", 8000), ("::ffff:127.0.0.1", 5000)),
        (("/run/rag.sock", None), None),
        (("/run/rag.sock", None), ("", 0)),
        (None, None),
    ],
)
async def test_whoever_comes_from_here_is_let_in(server: Any, client: Any) -> None:
    assert (await exchange(LocalOnly(greet), server=server, client=client)).status == 200


@pytest.mark.parametrize(
    ("server", "client"),
    [
        (("192.168.1.7", 8000), ("192.168.1.9", 5000)),
        (("192.168.1.7", 8000), ("192.168.1.7", 5000)),
        (("::ffff:192.168.1.7", 8000), ("::ffff:192.168.1.9", 5000)),
        (("2001:db8::1", 8000), ("2001:db8::2", 5000)),
        # Through a proxy on this machine that says for whom it asks.
        (HERE, ("203.0.113.5", 0)),
        (("/run/rag.sock", None), ("203.0.113.5", 0)),
    ],
)
async def test_whoever_comes_over_a_network_is_not(server: Any, client: Any) -> None:
    answer = await exchange(LocalOnly(greet), server=server, client=client)
    assert (answer.status, answer.code) == (403, "open_to_nobody")
    socket = await exchange(LocalOnly(greet), type="websocket", server=server, client=client)
    assert socket.status == 403
