"""What each caller must be answered, and what counts as something else."""

import json

import pytest

from conversational_rag.security.permissions import Permission
from conversational_rag.security.principals import Scope
from conversational_rag.selftest.callers import Caller, Side
from conversational_rag.selftest.exchange import Answer
from conversational_rag.selftest.expectations import About, Outcome, differs, expected

ADMIN = Caller("admin", Scope.ADMIN, Side.NONE, key="a")
MANAGER = Caller("manager", Scope.MANAGE, Side.OWNER, "acme", "b")
CHATTER = Caller("chatter", Scope.CHAT, Side.OWNER, "acme", "c", began=True)
COLLEAGUE = Caller("colleague", Scope.CHAT, Side.OWNER, "acme", "d")
OTHER = Caller("other", Scope.MANAGE, Side.OTHER, "beta", "e")
DEAD = Caller("dead", None, Side.NONE, key="f")
NOBODY = Caller("nobody", None, Side.NONE)
EVERYBODY = (ADMIN, MANAGER, CHATTER, COLLEAGUE, OTHER, DEAD, NOBODY)
YES, WHO, NARROW, HIDDEN = Outcome.GRANTED, Outcome.UNAUTHENTICATED, Outcome.FORBIDDEN, Outcome.NOT_FOUND
CHALLENGE = {"www-authenticate": 'Bearer realm="x"'}


@pytest.mark.parametrize(
    ("scope", "about", "outcomes"),
    [
        (None, About.NOTHING, (YES, YES, YES, YES, YES, YES, YES)),
        (Scope.CHAT, About.NOTHING, (YES, YES, YES, YES, YES, WHO, WHO)),
        (Scope.CHAT, About.CLIENT, (YES, YES, YES, YES, HIDDEN, WHO, WHO)),
        (Scope.CHAT, About.SESSION, (YES, YES, YES, HIDDEN, HIDDEN, WHO, WHO)),
        (Scope.CHAT, About.OWN, (YES, YES, YES, YES, YES, WHO, WHO)),
        (Scope.MANAGE, About.CLIENT, (YES, YES, NARROW, NARROW, HIDDEN, WHO, WHO)),
        (Scope.ADMIN, About.NOTHING, (YES, NARROW, NARROW, NARROW, NARROW, WHO, WHO)),
        (None, About.SHOWN_KEY, (YES, YES, YES, YES, YES, WHO, WHO)),
        (Scope.CHAT, About.NO_KEY, (WHO, WHO, WHO, WHO, WHO, WHO, WHO)),
    ],
)
def test_the_outcome_follows_from_scope_and_reach(
    scope: Scope | None, about: About, outcomes: tuple[Outcome, ...]
) -> None:
    assert tuple(expected(Permission(scope), about, caller) for caller in EVERYBODY) == outcomes


def answer(status: int, code: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, headers or {"date": "today"}, json.dumps({"code": code} if code else {}).encode())


@pytest.mark.parametrize(
    ("outcome", "got"),
    [
        (YES, answer(200)),
        (YES, answer(201)),
        (YES, answer(422, "url_refused")),
        (WHO, answer(401, "unauthenticated", CHALLENGE)),
        (WHO, answer(429, "too_many_requests")),
        # A frame of a WebSocket has no headers.
        (WHO, Answer(401, {}, b'{"type": "error", "code": "unauthenticated"}')),
        (NARROW, answer(403, "forbidden")),
        (HIDDEN, answer(404, "document_not_found")),
    ],
)
def test_what_is_as_it_must_be(outcome: Outcome, got: Answer) -> None:
    assert differs(outcome, got, wrong_key=True, also_granted=frozenset({"url_refused"})) is None


@pytest.mark.parametrize(
    ("outcome", "got", "fault"),
    [
        (YES, answer(404, "document_not_found"), "refused with 404 document_not_found"),
        (YES, answer(500, "internal_error"), "the service broke: 500"),
        (YES, Answer(0, {}, b""), "the service broke: 0"),
        (WHO, answer(200), "answered with 200 instead of 401"),
        (WHO, answer(401, "unauthenticated"), "401 without WWW-Authenticate"),
        (WHO, answer(429, "too_many_requests"), "answered with 429 instead of 401"),
        (NARROW, answer(404), "answered with 404 instead of 403"),
        (NARROW, answer(403, "url_ingestion_off"), "403 for another reason than the scope: url_ingestion_off"),
        (HIDDEN, answer(403, "forbidden"), "answered with 403 instead of 404"),
        (HIDDEN, answer(200), "answered with 200 instead of 404"),
    ],
)
def test_what_is_not_is_told(outcome: Outcome, got: Answer, fault: str) -> None:
    assert differs(outcome, got) == fault


def test_a_mark_is_found_in_whatever_case_in_the_body_and_in_the_headers() -> None:
    got = Answer(200, {"location": "/api/v1/ingest/jobs/job_1"}, "Über MARK7 nichts".encode())
    assert got.find(frozenset({"mark7", "job_1", "mark8"})) == ["job_1", "mark7"]


def test_answers_are_compared_but_for_what_is_the_requests_own() -> None:
    one = Answer(404, {"date": "now", "x-request-id": "1", "content-type": "x"}, b'{"code": "n", "request_id": "1"}')
    other = Answer(404, {"date": "then", "x-request-id": "2", "content-type": "x"}, b'{"request_id": "2", "code": "n"}')
    assert one.comparable() == other.comparable()
    hint = Answer(404, {**other.headers, "x-owner": "acme"}, other.body)
    assert one.comparable() != hint.comparable()
    assert one.comparable() != Answer(404, one.headers, b'{"code": "m", "request_id": "1"}').comparable()
