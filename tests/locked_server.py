"""A server that asks for keys, with two clients and a key of each kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from running_server import RunningServer

FACTS = {
    "acme": "The Harbour Bridge was opened in 1932.",
    "beta": "The vault of Beta is opened with the word zanzibar.",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a key; without one, a stranger."""

    server: RunningServer
    key: str | None = None
    client_id: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, **content: Any) -> httpx2.Response:
        bearer = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return self.server.http.request(method, path, headers={**bearer, **self.headers}, **content)

    def ask(self, message: str, **more: Any) -> httpx2.Response:
        body = {"message": message, **({"client_id": self.client_id} if self.client_id else {}), **more}
        return self("POST", "/api/v1/chat/", json=body)

    def upload(self, name: str, text: str, **form: str) -> httpx2.Response:
        return self("POST", "/api/v1/ingest/", files=[("files", (name, text.encode()))], data=form)


@dataclass(frozen=True, slots=True)
class LockedServer:
    """Who there is: the admin, a manager and a chatter of `acme`, a manager of `beta`, and a stranger."""

    server: RunningServer
    admin: Holder
    manager: Holder
    chatter: Holder
    other: Holder
    stranger: Holder

    def new_key(self, scope: str, client_id: str | None = None, **more: Any) -> Holder:
        body = {"scope": scope, **({"client_id": client_id} if client_id else {}), **more}
        made = self.admin("POST", "/api/v1/keys", json=body)
        assert made.status_code == 201, made.text
        return Holder(self.server, made.json()["key"], client_id)


def first_admin_key(server: RunningServer) -> str:
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("crag_")]
    assert len(lines) == 1
    return lines[0]


@contextmanager
def locked(folder: Path, **env: str) -> Iterator[LockedServer]:
    with RunningServer(folder, AUTH_MODE="keys", **env) as server:
        admin = Holder(server, first_admin_key(server))
        made = {}
        for client_id, fact in FACTS.items():
            answer = admin.upload(f"{client_id}.txt", fact, client_id=client_id)
            assert answer.status_code == 200, answer.text
            made[client_id] = Holder(server, answer.json()["api_key"], client_id)
        whole = LockedServer(server, admin, made["acme"], Holder(server), made["beta"], Holder(server))
        yield LockedServer(server, admin, made["acme"], whole.new_key("chat", "acme"), made["beta"], Holder(server))
