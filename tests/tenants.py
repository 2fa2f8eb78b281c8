"""Tenants of a locked server with a mark in all that is theirs, and a witness who reads every answer and prompt."""

import hashlib
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from groq_prompts import render_prompt
from groq_stand_in import GroqStandIn
from groq_turns import Answer
from running_server import RunningServer
from waiting import wait_for
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

MANAGER, CHATTERS = "manager", ("first", "second")
ROLES = (MANAGER, *CHATTERS)


def mark(*words: object) -> str:
    """What no text holds by chance, the same in each run."""
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]


@dataclass(slots=True)
class Life:
    """A client from its making to its deletion; the next one of that id is another. `documents` are names by id,
    `sessions` the roles of the keys that began them; a role's mark stands in the questions of its present key."""

    client_id: str
    mark: str
    keys: dict[str, str] = field(default_factory=dict)
    role_marks: dict[str, str] = field(default_factory=dict)
    former_marks: list[str] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict)

    def take_key(self, role: str, key: str) -> None:
        """From now on that role has this key, and begins anew."""
        if role in self.role_marks:
            self.former_marks.append(self.role_marks[role])
            self.sessions = {each: "nobody" if by == role else by for each, by in self.sessions.items()}
        self.keys[role], self.role_marks[role] = key, mark(self.mark, role, key)

    def reaches(self, role: str, session_id: str) -> bool:
        """Whether a key of that role may see the session."""
        return session_id in self.sessions and role in (MANAGER, self.sessions[session_id])

    def marks(self) -> Iterator[str]:
        """What must stay the client's: all marks and ids."""
        yield from (self.mark, *self.role_marks.values(), *self.former_marks, *self.documents, *self.jobs)

    def marks_beside(self, role: str) -> Iterator[str]:
        """What must stay another key's."""
        yield from (*self.former_marks, *(each for name, each in self.role_marks.items() if name != role))


@dataclass(slots=True)
class Reply:
    """What came back, over whichever way; `end` is the answer to a question, None when it was refused."""

    status: int
    text: str
    end: dict[str, Any] | None = None
    headers: str = ""

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    def but_for_its_id(self) -> tuple[int, Any]:
        """Whatever is not the request's own."""
        return self.status, {name: value for name, value in self.body.items() if name != "request_id"}


class Witness:
    """Carries requests to the server, and sees that no answer, and no prompt made for it, holds a foreign mark."""

    def __init__(self, server: RunningServer, groq: GroqStandIn, admin_key: str) -> None:
        self.server, self.groq, self.admin_key = server, groq, admin_key
        self.lives: list[Life] = []
        self.seen: Counter[str] = Counter()

    def born(self, client_id: str) -> Life:
        """A client of that id, made by the admin, with a key of each role."""
        life = Life(client_id, mark(client_id, len(self.lives)))
        self.lives.append(life)
        deeds = [("files", ("deed.txt", deed(life).encode()))]
        made = self._admin("POST", "/api/v1/ingest/", files=deeds, data={"client_id": client_id})
        assert made["created"], made
        life.take_key(MANAGER, made["api_key"])
        life.documents[made["documents"][0]["document_id"]] = "deed.txt"
        for role in CHATTERS:
            self.new_key(life, role)
        return life

    def new_key(self, life: Life, role: str) -> None:
        """A chat key that is nobody's successor."""
        made = self.ask(life, MANAGER, "POST", "/api/v1/keys", json={"scope": "chat", "name": life.mark})
        assert made.status == 201, made.text
        life.take_key(role, made.body["key"])

    def bury(self, life: Life) -> None:
        """Its end, by the admin; from here on what was its own is foreign to everybody."""
        self._admin("DELETE", f"/api/v1/chat/collections/{life.client_id}")
        self.is_dead(life.keys[MANAGER])

    def is_dead(self, key: str) -> None:
        """The key opens nothing; after many wrong ones that is told in another way."""
        assert self.send("GET", "/api/v1/auth/me", bearer(key)).status in (401, 429)

    def ask(self, life: Life, role: str, method: str, path: str, **content: Any) -> Reply:
        """A request with one of the client's keys."""
        before = len(self.groq.chats)
        reply = self.send(method, path, bearer(life.keys[role]) | content.pop("headers", {}), **content)
        self.look(life, role, reply, self._prompts(before))
        return reply

    def ask_signed_in(self, life: Life, role: str, method: str, path: str, **content: Any) -> Reply:
        """The same from a browser that has signed in with the key."""
        before = len(self.groq.chats)
        signed_in = self.send("POST", "/api/v1/auth/sign-in", {}, json={"key": life.keys[role]})
        cookie = {"Cookie": re.findall(r"crag_session=[^;]+", signed_in.headers)[0]}
        reply = self.send(method, path, cookie | content.pop("headers", {}), **content)
        self.look(life, role, reply, self._prompts(before))
        return reply

    def ask_at_once(self, lives: Sequence[Life], role: str, method: str, path: str, **content: Any) -> list[Reply]:
        """The same request with the keys of several clients, all at once: no prompt holds anything of two of them."""
        before = len(self.groq.chats)
        with ThreadPoolExecutor(len(lives)) as pool:
            headers = content.pop("headers", {})
            sent = [
                pool.submit(self.send, method, path, bearer(life.keys[role]) | headers, **content) for life in lives
            ]
            replies = [each.result() for each in sent]
        for life, reply in zip(lives, replies, strict=True):
            self.look(life, role, reply, ())
        for prompt in self._prompts(before):
            assert sum(any(each in prompt for each in life.marks()) for life in self.lives) <= 1, prompt
        return replies

    @contextmanager
    def answering(self, life: Life, role: str, body: dict[str, Any]) -> Iterator[None]:
        """A question that a slow model answers; what is done inside is done meanwhile."""
        before = len(self.groq.chats)
        self.groq.script("*", Answer(delay_seconds=0.04))
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(self.send, "POST", "/api/v1/chat/", bearer(life.keys[role]), json=body)
            wait_for(lambda: len(self.groq.chats) > before)
            prompts = self._prompts(before)
            yield
            reply = sent.result()
        self.look(life, role, reply, prompts)

    def talk(self, life: Life, role: str, question: dict[str, Any], *, in_frame: bool) -> Reply:
        """A question on a WebSocket, the key in a header or in the first frame."""
        before, key = len(self.groq.chats), life.keys[role]
        url = f"ws://127.0.0.1:{self.server.port}/api/v1/chat/ws/{life.client_id}"
        frames: list[str] = []
        try:
            with connect(url, additional_headers={} if in_frame else bearer(key), open_timeout=60) as socket:
                if in_frame:
                    socket.send(json.dumps({"type": "auth", "key": key}))
                socket.send(json.dumps(question))
                while not frames or json.loads(frames[-1])["type"] not in ("end", "error"):
                    frames.append(str(socket.recv(60)))
        except InvalidStatus as refused:
            frames = [(refused.response.body or b"").decode()]
        last = json.loads(frames[-1])
        reply = Reply(last.get("status", 200), "\n".join(frames), last if last.get("type") == "end" else None)
        self.look(life, role, reply, self._prompts(before))
        return reply

    def send(self, method: str, path: str, headers: dict[str, str], **content: Any) -> Reply:
        """A request that nobody looks at."""
        # Of no earlier sign-in: whoever shows a cookie says so.
        self.server.http.cookies.clear()
        answer = self.server.http.request(method, path, headers=headers, **content)
        assert answer.status_code < 500, f"{method} {path}: {answer.text}"
        return Reply(answer.status_code, answer.text, _end(answer), " ".join(answer.headers.values()))

    def look(self, life: Life, role: str, reply: Reply, prompts: Sequence[str]) -> None:
        """Nothing foreign stands in the answer, nor in the prompts that were made for it."""
        foreign = frozenset(self.foreign(life, role))
        for kind, text in (("answer", f"{reply.headers}\n{reply.text}"), *(("prompt", each) for each in prompts)):
            self.seen[kind] += 1
            self.seen[f"{kind} with what is his"] += life.mark in text
            found = [each for each in foreign if each in text]
            assert not found, f"a {kind} for {role} of {life.client_id} ({life.mark}) holds {found}:\n{text}"

    def foreign(self, life: Life, role: str) -> Iterator[str]:
        """What is other clients', or was a former one's of this id, and for a chat key what is the other keys'."""
        for other in self.lives:
            if other is not life:
                yield from other.marks()
            if other.client_id != life.client_id:
                yield other.client_id
        if role != MANAGER:
            yield from life.marks_beside(role)

    def is_hidden(self, life: Life, role: str, method: str, template: str, known_id: str, **content: Any) -> None:
        """What stands there is another's: to this caller it is as if it never had been. `{}` is where its id goes."""
        known = self.ask(life, role, method, template.format(known_id), **content)
        never = self.ask(life, role, method, template.format(f"x{uuid.uuid4().hex}"), **content)
        assert known.status == 404, f"{method} {template}: {known.text}"
        assert known.but_for_its_id() == never.but_for_its_id()
        self.seen["hidden"] += 1

    def _prompts(self, before: int) -> list[str]:
        return [render_prompt(body["messages"]) for body in self.groq.chats[before:]]

    def _admin(self, method: str, path: str, **content: Any) -> Any:
        reply = self.send(method, path, bearer(self.admin_key), **content)
        assert reply.status == 200, reply.text
        return reply.body


def deed(life: Life, number: str = "first") -> str:
    """A text that is the client's alone."""
    return f"The vault of {life.mark} holds the {number} deed. Its word is {life.mark}."


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _end(answer: httpx2.Response) -> dict[str, Any] | None:
    """The answer to a question, whole or as the last event of a stream."""
    if answer.status_code != 200:
        return None
    if answer.headers["content-type"].startswith("text/event-stream"):
        last = answer.text.strip().split("\n\n")[-1].splitlines()
        return json.loads(last[1].removeprefix("data: ")) if last[0] == "event: end" else None
    body = answer.json()
    return body if isinstance(body, dict) and "response" in body else None
