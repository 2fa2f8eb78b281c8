"""How each operation is asked so that its owner is served: one recipe each, by the operation's id."""

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conversational_rag.security.keys import new_key
from conversational_rag.selftest.callers import Caller
from conversational_rag.selftest.exchange import Request, Talk, Way
from conversational_rag.selftest.expectations import About

CLIENT_PREFIX = "selftest_"
# Answered from memory when it comes again to the same documents: it costs a model one call.
QUESTION = "When was the harbour opened?"


@dataclass(frozen=True, slots=True)
class Objects:
    """The ids of a client and of one of each kind that it has."""

    client_id: str
    document_id: str
    job_id: str
    session_id: str
    key_id: str
    # Of the answer in that session.
    message_id: str = "1"


@dataclass(frozen=True, slots=True)
class Probe:
    """One way to ask. `has_twin`: where an object is another's, one that never was must be answered the same."""

    ask: Callable[[Objects, Caller], Request | Talk]
    about: About
    has_twin: bool = True


@dataclass(frozen=True, slots=True)
class Recipe:
    """The ways in which an operation is asked. `uses_up` names the object that whoever is granted it takes away;
    `also_granted` are the codes of errors that only those see who were let in."""

    probes: tuple[Probe, ...]
    uses_up: str | None = None
    also_granted: frozenset[str] = frozenset()


def nobodys() -> Objects:
    """Ids of the right form that never were."""
    return Objects(
        client_id=f"{CLIENT_PREFIX}{secrets.token_hex(8)}",
        document_id=f"doc_{uuid.uuid4().hex}",
        job_id=f"job_{uuid.uuid4().hex}",
        session_id=f"{secrets.token_hex(8)}.never",
        key_id=new_key().id,
    )


def _plain(method: str, path: str) -> Recipe:
    return Recipe((Probe(lambda _objects, _caller: Request(method, path), About.NOTHING),))


def _listed(path: str) -> Recipe:
    """What names a client in its query, or nobody and means its own."""
    return Recipe(
        (
            Probe(lambda objects, _: Request("GET", path, params={"client_id": objects.client_id}), About.CLIENT),
            Probe(lambda _objects, _caller: Request("GET", path), About.OWN),
        )
    )


def _posted(path: str, body: Mapping[str, object]) -> Recipe:
    """What names a client in its body, or nobody and means its own."""

    def naming(objects: Objects, _: Caller) -> Request:
        return Request("POST", path, json={**body, "client_id": objects.client_id})

    def own(_objects: Objects, _caller: Caller) -> Request:
        return Request("POST", path, json=body)

    return Recipe((Probe(naming, About.CLIENT), Probe(own, About.OWN)))


def _at(
    method: str,
    path: str,
    about: About = About.CLIENT,
    uses_up: str | None = None,
    body: Mapping[str, object] | None = None,
) -> Recipe:
    """What names an object in its address, `{document_id}` and the like."""

    def ask(objects: Objects, _: Caller) -> Request:
        return Request(method, path.format_map(_named(objects)), json=body)

    return Recipe((Probe(ask, about),), uses_up)


def _named(objects: Objects) -> dict[str, str]:
    return {name: getattr(objects, name) for name in Objects.__slots__}


def _asked(path: str) -> Recipe:
    """A question: to a client's documents, to one's own, and in a session that another key has begun."""
    recipe = _posted(path, {"message": QUESTION, "use_memory": False})

    def in_session(objects: Objects, caller: Caller) -> Request:
        named = {"client_id": objects.client_id} if caller.is_admin else {}
        return Request("POST", path, json={"message": QUESTION, "session_id": objects.session_id, **named})

    # A session that never was is begun: there is nothing to compare a refusal with.
    return Recipe((*recipe.probes, Probe(in_session, About.SESSION, has_twin=False)))


def _upload() -> Recipe:
    def file() -> tuple[str, bytes]:
        word = secrets.token_hex(4)
        return f"{word}.txt", f"The gate {word} stands open.".encode()

    def naming(objects: Objects, _: Caller) -> Request:
        return Request("POST", "/api/v1/ingest/", form={"client_id": objects.client_id}, file=file())

    def own(_objects: Objects, _caller: Caller) -> Request:
        return Request("POST", "/api/v1/ingest/", file=file())

    return Recipe((Probe(naming, About.CLIENT), Probe(own, About.OWN)))


def _page() -> Recipe:
    """Whoever is let in learns that this machine's own addresses are not fetched, or that none is."""

    def naming(objects: Objects, _: Caller) -> Request:
        body = {"url": "http://127.0.0.1/", "client_id": objects.client_id}
        return Request("POST", "/api/v1/ingest/url", json=body)

    return Recipe((Probe(naming, About.CLIENT),), also_granted=frozenset({"url_refused", "url_ingestion_off"}))


def _sign_in() -> Recipe:
    def ask(_: Objects, caller: Caller) -> Request:
        return Request("POST", "/api/v1/auth/sign-in", json={"key": caller.key or new_key().text})

    return Recipe((Probe(ask, About.SHOWN_KEY),))


def _socket() -> Recipe:
    """Each way to show a key; and a session that another key has begun."""

    def naming(way: Way) -> Callable[[Objects, Caller], Talk]:
        question = {"message": QUESTION, "use_memory": False}
        return lambda objects, _: Talk(f"/api/v1/chat/ws/{objects.client_id}", way, question)

    def in_session(objects: Objects, caller: Caller) -> Talk:
        path = f"/api/v1/chat/ws/{caller.client_id or objects.client_id}"
        return Talk(path, Way.HEADER, {"message": QUESTION, "session_id": objects.session_id})

    return Recipe(
        (
            Probe(naming(Way.HEADER), About.CLIENT),
            Probe(naming(Way.FRAME), About.CLIENT),
            Probe(naming(Way.ADDRESS), About.NO_KEY),
            Probe(in_session, About.SESSION, has_twin=False),
        )
    )


WEBSOCKETS: Mapping[str, Recipe] = {"chat_websocket": _socket()}

_FEEDBACK = "/api/v1/sessions/{session_id}/messages/{message_id}/feedback"

OPERATIONS: Mapping[str, Recipe] = {
    "health": _plain("GET", "/health"),
    "healthz": _plain("GET", "/healthz"),
    "readyz": _plain("GET", "/readyz"),
    "metrics": _plain("GET", "/metrics"),
    "sign_in": _sign_in(),
    "sign_out": _plain("POST", "/api/v1/auth/sign-out"),
    "who_am_i": _plain("GET", "/api/v1/auth/me"),
    "chat": _asked("/api/v1/chat/"),
    "chat_stream": _asked("/api/v1/chat/stream"),
    "search": _posted("/api/v1/search", {"query": QUESTION}),
    "list_sessions": _listed("/api/v1/sessions/list"),
    "session_stats": _listed("/api/v1/sessions/stats"),
    "session_info": _at("GET", "/api/v1/sessions/{session_id}/info", About.SESSION),
    "find_sessions": _listed("/api/v1/sessions"),
    "export_session": _at("GET", "/api/v1/sessions/{session_id}/export", About.SESSION),
    "rename_session": _at("PATCH", "/api/v1/sessions/{session_id}", About.SESSION, body={"title": "The harbour"}),
    "rate_message": _at("PUT", _FEEDBACK, About.SESSION, body={"rating": "up", "comment": "Just so."}),
    "unrate_message": _at("DELETE", _FEEDBACK, About.SESSION),
    "list_feedback": _listed("/api/v1/feedback"),
    "session_messages": _at("GET", "/api/v1/sessions/{session_id}/messages", About.SESSION),
    "delete_session": _at("DELETE", "/api/v1/sessions/{session_id}", About.SESSION, "session"),
    "delete_chat_session": _at("DELETE", "/api/v1/chat/{session_id}", About.SESSION, "session"),
    "cleanup_sessions": _plain("POST", "/api/v1/sessions/cleanup"),
    "ingest": _upload(),
    "ingest_url": _page(),
    "ingest_job": _at("GET", "/api/v1/ingest/jobs/{job_id}"),
    "ingest_job_events": _at("GET", "/api/v1/ingest/jobs/{job_id}/events"),
    "cancel_ingest_job": _at("DELETE", "/api/v1/ingest/jobs/{job_id}"),
    "list_documents": _listed("/api/v1/documents"),
    "document": _at("GET", "/api/v1/documents/{document_id}"),
    "document_content": _at("GET", "/api/v1/documents/{document_id}/content"),
    "delete_document": _at("DELETE", "/api/v1/documents/{document_id}", uses_up="document"),
    "list_collections": _listed("/api/v1/chat/collections"),
    "collection_stats": _at("GET", "/api/v1/chat/collections/{client_id}/stats"),
    "usage": _listed("/api/v1/usage"),
    "usage_history": _listed("/api/v1/usage/history"),
    "models": _plain("GET", "/api/v1/models"),
    "create_key": _posted("/api/v1/keys", {"scope": "chat"}),
    "list_keys": _listed("/api/v1/keys"),
    "rotate_key": _at("POST", "/api/v1/keys/{key_id}/rotate", uses_up="key"),
    "revoke_key": _at("DELETE", "/api/v1/keys/{key_id}", uses_up="key"),
    "audit": _plain("GET", "/api/v1/audit"),
    "export_audit": _plain("GET", "/api/v1/audit/export"),
    # The last one: its owner deletes the client.
    "delete_collection": _at("DELETE", "/api/v1/chat/collections/{client_id}", uses_up="client"),
}
