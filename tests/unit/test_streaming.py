"""A stream of events on its way out: kept alive while it waits, ended at once when its reader leaves."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from conversational_rag.errors import ClientNotFound, ModelUnreachable
from conversational_rag.llm.base import Usage
from conversational_rag.rag.events import Answered, Said
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.chat_events import ChatEvent, End, Start
from conversational_rag.streaming import EventStream

ACME = Tenant("acme")
START = Start("s", ACME, (), "a model")
END = End("s", ACME, Answered("Yes.", (), "a model", False, Usage(10, 2, 0, 1)), True, True)
SCOPE: dict[str, Any] = {"type": "http"}


class Reader:
    """The other end of a connection: what it got, and whether it is still there."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.gone, self.got_more = asyncio.Event(), asyncio.Event()
        self.is_slow = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.messages.append(message)
        self.got_more.set()
        if self.is_slow:
            await asyncio.Event().wait()

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.messages).decode()

    async def has(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(5):
            while self.text.count(text) < times:
                self.got_more.clear()
                await self.got_more.wait()

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        blocks = [block.split("\n") for block in self.text.split("\n\n") if block and not block.startswith(":")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


class Turn:
    """Events that wait for `quota` before the first, and for `words` after it; `ended` is set however they end."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.quota, self.words = asyncio.Event(), asyncio.Event()
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self._fault = fault

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        self.begun.set()
        try:
            await self.quota.wait()
            if self._fault is not None:
                raise self._fault
            yield START
            yield Said("Yes")
            await self.words.wait()
            yield Said(".")
            yield END
        finally:
            self.ended.set()


def talk(turn: Turn, reader: Reader, keep_alive_seconds: float = 60.0) -> "asyncio.Task[None]":
    stream = EventStream(turn.events(), "request-1", keep_alive_seconds)
    return asyncio.create_task(stream(SCOPE, reader.receive, reader.send))


async def test_a_stream_that_waits_is_kept_alive_until_its_first_event() -> None:
    turn, reader = Turn(), Reader()
    talking = talk(turn, reader, 0.001)
    await reader.has(": keep-alive\n\n", times=3)
    assert reader.messages[0]["status"] == 200
    assert (b"content-type", b"text/event-stream; charset=utf-8") in reader.messages[0]["headers"]
    turn.quota.set()
    turn.words.set()
    await talking
    assert [name for name, _ in reader.events()] == ["start", "delta", "delta", "end"]
    assert reader.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_stream_that_need_not_wait_holds_no_comments() -> None:
    turn, reader = Turn(), Reader()
    turn.quota.set()
    turn.words.set()
    await talk(turn, reader)
    assert [name for name, _ in reader.events()] == ["start", "delta", "delta", "end"]
    assert "keep-alive" not in reader.text


async def test_a_fault_before_anything_was_sent_is_left_to_be_an_http_error() -> None:
    turn, reader = Turn(ClientNotFound()), Reader()
    turn.quota.set()
    with pytest.raises(ClientNotFound):
        await talk(turn, reader)
    assert reader.messages == []


async def test_a_fault_after_a_comment_is_an_event() -> None:
    turn, reader = Turn(ModelUnreachable()), Reader()
    talking = talk(turn, reader, 0.001)
    await reader.has(": keep-alive")
    turn.quota.set()
    await talking
    ((name, data),) = reader.events()
    assert (name, data["code"], data["request_id"]) == ("error", "model_unreachable", "request-1")


@pytest.mark.parametrize("comments", [0, 2])
async def test_a_reader_who_leaves_while_he_waits_ends_the_turn(comments: int) -> None:
    turn, reader = Turn(), Reader()
    talking = talk(turn, reader, 0.001 if comments else 60.0)
    await reader.has(": keep-alive", comments)
    await turn.begun.wait()
    reader.gone.set()
    await talking
    assert turn.ended.is_set()
    assert reader.events() == []


@pytest.mark.parametrize("is_slow", [False, True])
async def test_a_reader_who_leaves_in_the_middle_ends_the_turn(is_slow: bool) -> None:
    turn, reader = Turn(), Reader()
    turn.quota.set()
    talking = talk(turn, reader)
    await reader.has("Yes")
    reader.is_slow = is_slow  # the next words are sent, and never taken
    if is_slow:
        turn.words.set()
        await reader.has('"."')
    reader.gone.set()
    await talking
    assert turn.ended.is_set()
    assert "end" not in dict(reader.events())


async def test_a_server_that_stops_ends_the_turn() -> None:
    turn, reader = Turn(), Reader()
    turn.quota.set()
    talking = talk(turn, reader)
    await reader.has("Yes")
    talking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await talking
    assert turn.ended.is_set()
