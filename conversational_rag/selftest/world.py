"""Two clients made for the test: their keys, one object of each kind, and marks in all that must stay their own."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from conversational_rag.errors import BadInput, ServiceError
from conversational_rag.security.principals import Scope
from conversational_rag.selftest.callers import Caller, Side
from conversational_rag.selftest.exchange import Request
from conversational_rag.selftest.recipes import CLIENT_PREFIX, QUESTION, Objects
from conversational_rag.selftest.service import Service

_EXPIRY_SECONDS = 0.05
_DAY_SECONDS = 24 * 3600.0
_NO_OBJECTS = Objects("", "", "", "", "")


def new_mark() -> str:
    """What nobody guesses and no text holds by chance, in small letters."""
    return f"mark{secrets.token_hex(8)}"


@dataclass(slots=True)
class Belongings:
    """What one client has: `marks` and ids stand in everything of it, those of a session in what belongs to that."""

    client_id: str
    mark: str = field(default_factory=new_mark)
    marks: set[str] = field(default_factory=set)
    of_sessions: dict[str, set[str]] = field(default_factory=dict)

    @property
    def all_marks(self) -> frozenset[str]:
        """Those of the client and of all its sessions."""
        return frozenset(self.marks).union(*self.of_sessions.values())

    def marks_beside(self, key_name: str) -> frozenset[str]:
        """Those of sessions that other keys have begun."""
        return frozenset().union(*(marks for name, marks in self.of_sessions.items() if name != key_name))


@dataclass(slots=True)
class World:
    """The clients, the callers, and the objects of the first client that everybody asks for."""

    service: Service
    admin: Caller
    owner: Belongings
    other: Belongings
    callers: tuple[Caller, ...] = ()
    objects: Objects = _NO_OBJECTS

    def caller(self, name: str) -> Caller:
        """The caller of that name."""
        return next(caller for caller in self.callers if caller.name == name)

    def forbidden(self, caller: Caller) -> frozenset[str]:
        """The marks that no answer to the caller may hold; no key is ever shown again, to anybody."""
        keys = frozenset(each.key.lower() for each in self.callers if each.key is not None)
        if caller.is_admin:
            return keys
        if caller.scope is None:
            return keys | self.owner.all_marks | self.other.all_marks
        if caller.side is Side.OTHER:
            return keys | self.owner.all_marks
        beside = self.owner.marks_beside(caller.name) if caller.scope is Scope.CHAT else frozenset()
        return keys | self.other.all_marks | beside

    async def holdings(self) -> tuple[object, ...]:
        """What the first client has: how many files and chunks, sessions and messages; its keys, titles, ratings."""
        named = {"client_id": self.owner.client_id}
        asked = (
            Request("GET", f"/api/v1/chat/collections/{self.owner.client_id}/stats"),
            Request("GET", "/api/v1/sessions/stats", params=named),
            Request("GET", "/api/v1/keys", params=named),
            Request("GET", "/api/v1/sessions", params=named),
            Request("GET", "/api/v1/feedback", params=named),
        )
        return tuple([_counted((await self.service.send(self.admin.key, each)).parsed) for each in asked])

    async def fresh(self, kind: str | None) -> Objects:
        """The objects, with a new one of that kind in the place of the one that everybody asks for."""
        match kind:
            case "document":
                return replace(self.objects, document_id=(await self.upload(self.owner))["document_id"])
            case "session":
                return replace(self.objects, **await self.converse(self.caller("chat key"), self.owner))
            case "key":
                return replace(self.objects, key_id=(await self.new_key(self.owner, "chat"))["id"])
        return self.objects

    async def upload(self, owner: Belongings) -> dict[str, Any]:
        """A new document with the client's mark in its name and its text: the outcome, with `job_id` and `api_key`."""
        mark, number = owner.mark, secrets.token_hex(4)
        text = f"The harbour of {mark} was opened in 1932. Gate {number} is the last one."
        file = (f"{mark} {number}.txt", text.encode())
        asked = Request("POST", "/api/v1/ingest/", form={"client_id": owner.client_id}, file=file)
        answer = await self.service.send(self.admin.key, asked)
        if answer.status != 200:
            raise BadInput(f"The selftest cannot go on: an upload was answered with {answer.status}: {answer.detail}")
        body, job_id = answer.parsed, answer.headers["location"].rpartition("/")[2]
        outcome: dict[str, Any] = body["documents"][0]
        owner.marks |= {outcome["document_id"], job_id}
        return {**outcome, "job_id": job_id, "api_key": body.get("api_key")}

    async def new_key(self, owner: Belongings, scope: str, **more: Any) -> dict[str, Any]:
        """A key of the client, with its mark for a name."""
        body = {"scope": scope, "client_id": owner.client_id, "name": owner.mark, **more}
        made: dict[str, Any] = await self._need(Request("POST", "/api/v1/keys", json=body))
        owner.marks.add(made["id"])
        return made

    async def converse(self, caller: Caller, owner: Belongings) -> dict[str, str]:
        """Begin a session, with a mark of its own in its id and its question; `session_id` and `message_id`."""
        mark = new_mark()
        owner.of_sessions.setdefault(caller.name, set()).add(mark)
        body = {"message": f"{QUESTION} {mark}", "session_id": f"{mark}.1"}
        answer = await self.service.need(caller.key or "", Request("POST", "/api/v1/chat/", json=body))
        return {name: str(answer[name]) for name in ("session_id", "message_id")}

    async def _need(self, asked: Request) -> Any:
        return await self.service.need(self.admin.key or "", asked)


def _counted(told: Any) -> object:
    """What only a change of the client's changes; of a client that is gone, that it is."""
    if "keys" in told:
        return frozenset((key["id"], key["status"], key["expires_at"]) for key in told["keys"])
    if "feedback" in told:
        return frozenset((each["message_id"], each["rating"], each["comment"]) for each in told["feedback"])
    if "sessions" in told:
        return frozenset((each["session_id"], each["title"]) for each in told["sessions"])
    return [told.get(name) for name in ("code", "files", "document_count", "total_sessions", "total_messages")]


@asynccontextmanager
async def made_world(service: Service, admin_key: str) -> AsyncIterator[World]:
    """Make the clients; whatever happens, they go at the end with everything that they have.

    Raises BadInput when the service has no use for the test.
    """
    admin = Caller("admin", Scope.ADMIN, Side.NONE, key=admin_key)
    world = World(service, admin, _nobody_yet(), _nobody_yet())
    await _require_locked(service, admin_key)
    try:
        await _furnish(world)
        yield world
    finally:
        await _remove(world)


def _nobody_yet() -> Belongings:
    belongings = Belongings(f"{CLIENT_PREFIX}{secrets.token_hex(8)}")
    belongings.marks |= {belongings.client_id, belongings.mark}
    return belongings


async def _require_locked(service: Service, admin_key: str) -> None:
    me = Request("GET", "/api/v1/auth/me")
    stranger = await service.send(None, me)
    if stranger.status == 200:
        raise BadInput(
            f"The service at {service.url} is open to everybody who reaches it: there is nothing to keep apart; set "
            "AUTH_MODE=keys."
        )
    known = await service.need(admin_key, me)
    if known["scope"] != Scope.ADMIN:
        raise BadInput(f"The selftest takes an admin key; this one's scope is `{known['scope']}`.")


async def _furnish(world: World) -> None:
    owner, other = world.owner, world.other
    first, second = await world.upload(owner), await world.upload(other)
    manager = Caller("right key", Scope.MANAGE, Side.OWNER, owner.client_id, first["api_key"])
    stranger = Caller("other client", Scope.MANAGE, Side.OTHER, other.client_id, second["api_key"])
    chatter, colleague = [await _chatter(world, name) for name in ("chat key", "other chat key")]
    dead = await _expired(world), await _revoked(world)
    nobody = Caller("no key", None, Side.NONE)
    world.callers = (world.admin, manager, replace(chatter, began=True), colleague, stranger, *dead, nobody)
    await world.converse(manager, owner)
    await world.converse(colleague, owner)
    await world.converse(stranger, other)
    asked = await world.converse(chatter, owner)
    # Nobody has such a page: the name can belong to nobody (RFC 2606).
    spare = await world.new_key(owner, "chat", origins=["https://selftest.invalid"])
    world.objects = Objects(owner.client_id, first["document_id"], first["job_id"], key_id=spare["id"], **asked)


async def _chatter(world: World, name: str) -> Caller:
    made = await world.new_key(world.owner, "chat")
    return Caller(name, Scope.CHAT, Side.OWNER, world.owner.client_id, made["key"])


async def _expired(world: World) -> Caller:
    made = await world.new_key(world.owner, "manage", expires_in_days=_EXPIRY_SECONDS / _DAY_SECONDS)
    await asyncio.sleep(2 * _EXPIRY_SECONDS)
    return Caller("expired", None, Side.NONE, key=made["key"])


async def _revoked(world: World) -> Caller:
    made = await world.new_key(world.owner, "manage")
    await world.service.need(world.admin.key or "", Request("DELETE", f"/api/v1/keys/{made['id']}"))
    return Caller("revoked", None, Side.NONE, key=made["key"])


async def _remove(world: World) -> None:
    """Both clients, with their keys. Raises ServiceError with the names of those that could not be deleted."""
    left = [each.client_id for each in (world.owner, world.other) if not await _is_removed(world, each.client_id)]
    if left:
        raise ServiceError(f"The selftest could not delete its clients {' and '.join(left)}; delete them yourself.")


async def _is_removed(world: World, client_id: str) -> bool:
    try:
        asked = Request("DELETE", f"/api/v1/chat/collections/{client_id}")
        return (await world.service.send(world.admin.key, asked)).status in (200, 404)
    except BadInput:
        return False
