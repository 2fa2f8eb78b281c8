"""What routers ask for is only given to whoever was let in."""

import pytest
from starlette.requests import HTTPConnection

from conversational_rag.dependencies import _caller, authorize
from conversational_rag.errors import Unauthenticated
from conversational_rag.security.principals import ANYBODY, Principal


def connection(principal: Principal | None, operation: str) -> HTTPConnection:
    class Route:
        operation_id = operation

    return HTTPConnection({"type": "http", "state": {"principal": principal}, "route": Route()})


async def test_nobody_is_a_caller_where_no_one_was_let_in() -> None:
    with pytest.raises(AttributeError):
        await _caller(connection(ANYBODY, "chat"))


async def test_whoever_was_let_in_is_the_caller() -> None:
    one = connection(ANYBODY, "chat")
    await authorize(one)
    assert await _caller(one) is ANYBODY


async def test_a_stranger_whom_an_operation_lets_in_is_no_caller() -> None:
    one = connection(None, "healthz")
    await authorize(one)
    with pytest.raises(Unauthenticated):
        await _caller(one)
