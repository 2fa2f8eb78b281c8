"""One request to an ASGI application, without a server: what it sends."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Answer:
    messages: list[Message]
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> Headers:
        return Headers(raw=self.messages[0]["headers"])

    @property
    def code(self) -> str:
        """Of the problem it is."""
        body = b"".join(message.get("body", b"") for message in self.messages)
        code: str = json.loads(body)["code"]
        return code


async def greet(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that lets everybody in."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def exchange(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/",
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    **scope: Any,
) -> Answer:
    """Send it a request (`type="websocket"`: open a connection); `state` and `resources` are what it finds there."""
    sent: list[Message] = []
    pairs = headers.items() if isinstance(headers, dict) else headers or []
    resources = SimpleNamespace(**scope.pop("resources", {}))
    whole = {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": "http",
        "headers": [(name.lower().encode(), value.encode()) for name, value in pairs],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "extensions": {"websocket.http.response": {}},
        "app": SimpleNamespace(state=SimpleNamespace(resources=resources)),
        **scope,
        "state": {"request_id": "the-request", "principal": None, **scope.get("state", {})},
    }
    if whole["type"] == "websocket":
        del whole["method"]

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(whole, receive, send)
    return Answer(sent, whole["state"])
