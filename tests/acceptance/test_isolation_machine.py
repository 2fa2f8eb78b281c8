"""Three clients do whatever comes to their minds, with the same names, bytes, questions and ids: none of them is ever
shown, and no model is ever sent for one of them, a byte of another.

`ISOLATION_EXAMPLES=200 pytest tests/acceptance/test_isolation_machine.py` looks further, and elsewhere each time.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from groq_quota import FreePlan
from groq_stand_in import GroqStandIn
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from locked_server import first_admin_key
from running_server import RunningServer
from tenants import CHATTERS, MANAGER, ROLES, Life, Reply, Witness, deed

EXAMPLES = int(os.environ.get("ISOLATION_EXAMPLES", "8"))
STEPS = 60
PLENTY = {"RPM": 10_000, "RPD": 5_000_000, "TPM": 50_000_000, "TPD": 1_000_000_000}
NAMES = ("deed.txt", "rules.txt", "Übersicht.md")
RULES = "Common rules: the gates close at nine. The vault is opened by two keepers."
QUESTIONS = ("What does the vault hold?", "When do the gates close?", "And its word?", "Thank you!")
TOPICS = ("morning", "evening")
ASKED = st.sampled_from((*QUESTIONS, "own", "own"))
MEMBERS = st.integers(0, 2)
ROLE = st.sampled_from(ROLES)
WAYS = st.sampled_from(("plain", "stream", "socket", "socket frame", "cookie"))


class Tenants(RuleBasedStateMachine):
    """`members` are the living clients; what they have is written down in their `Life`, and compared with lists."""

    witness: Witness
    examples = 0

    @initialize()
    def found(self) -> None:
        type(self).examples += 1
        self.late = 0
        self.members = [self.witness.born(f"{name}-{self.examples:04}") for name in ("acme", "beta", "gamma")]

    def teardown(self) -> None:
        for life in getattr(self, "members", ()):
            self.witness.bury(life)

    @rule(
        member=MEMBERS,
        name=st.sampled_from(NAMES),
        content=st.sampled_from(("first", "second", "the same for all")),
        background=st.booleans(),
        key=st.sampled_from((None, "once", "twice")),
    )
    def upload(self, member: int, name: str, content: str, background: bool, key: str | None) -> None:
        life = self.members[member]
        text = RULES if content == "the same for all" else deed(life, content)
        reply = self.witness.ask(
            life,
            MANAGER,
            "POST",
            "/api/v1/ingest/",
            files=[("files", (name, text.encode()))],
            params={"background": str(background).lower()},
            headers={"Idempotency-Key": key} if key else {},
        )
        if key is not None and reply.status == 422:
            assert reply.body["code"] == "idempotency_key_reused"
            return
        assert reply.status in (200, 202), reply.text
        assert reply.body["client_id"] == life.client_id
        job_id = reply.headers.partition("/api/v1/ingest/jobs/")[2].split()[0]
        life.jobs.append(job_id)
        self.witness.ask(life, MANAGER, "GET", f"/api/v1/ingest/jobs/{job_id}/events")
        self._note_documents(life)

    @rule(member=MEMBERS, which=st.integers(0, 9))
    def delete_document(self, member: int, which: int) -> None:
        life = self.members[member]
        if life.documents:
            document_id = sorted(life.documents)[which % len(life.documents)]
            assert self.witness.ask(life, MANAGER, "DELETE", f"/api/v1/documents/{document_id}").status == 200
            del life.documents[document_id]

    @rule(member=MEMBERS, role=ROLE, way=WAYS, question=ASKED, use_memory=st.booleans())
    def ask(self, member: int, role: str, way: str, question: str, use_memory: bool) -> None:
        self._ask(self.members[member], role, way, question, None, use_memory=use_memory)

    @rule(member=MEMBERS, role=ROLE, way=WAYS, question=ASKED, topic=st.sampled_from(TOPICS))
    def ask_in_a_session_that_all_name_alike(self, member: int, role: str, way: str, question: str, topic: str) -> None:
        self._ask(self.members[member], role, way, question, f"{topic}-{self.examples:04}")

    @rule(
        member=MEMBERS, role=ROLE, way=WAYS, step=st.integers(0, 2), which=st.integers(0, 9), use_memory=st.booleans()
    )
    def ask_in_whosever_session(
        self, member: int, role: str, way: str, step: int, which: int, use_memory: bool
    ) -> None:
        if sessions := sorted(self.members[(member + step) % 3].sessions):
            session_id = sessions[which % len(sessions)]
            self._ask(self.members[member], role, way, "own", session_id, use_memory=use_memory)

    @rule(
        member=MEMBERS,
        role=ROLE,
        way=st.sampled_from(("plain", "stream", "cookie")),
        question=st.sampled_from((QUESTIONS[0], "own")),
        topic=st.sampled_from((None, TOPICS[0])),
        use_memory=st.booleans(),
        key=st.sampled_from(("once", "twice")),
    )
    def ask_with_an_idempotency_key(
        self, member: int, role: str, way: str, question: str, topic: str | None, use_memory: bool, key: str
    ) -> None:
        session_id = None if topic is None else f"{topic}-{self.examples:04}"
        self._ask(self.members[member], role, way, question, session_id, use_memory=use_memory, key=key)

    @rule(member=MEMBERS, way=st.sampled_from(("plain", "stream")), key=st.sampled_from(("once", "shared")))
    def send_the_same_with_two_keys(self, member: int, way: str, key: str) -> None:
        for role in CHATTERS:
            self._ask(self.members[member], role, way, QUESTIONS[0], None, key=key)

    @rule(pair=st.permutations((0, 1, 2)), role=ROLE, question=st.sampled_from(QUESTIONS), key=st.booleans())
    def ask_at_once(self, pair: list[int], role: str, question: str, key: bool) -> None:
        lives = [self.members[number] for number in pair[:2]]
        body = {"message": question, "use_memory": False}
        headers = {"Idempotency-Key": "at once"} if key else {}
        replies = self.witness.ask_at_once(lives, role, "POST", "/api/v1/chat/", json=body, headers=headers)
        for life, reply in zip(lives, replies, strict=True):
            assert reply.status == 200 or (key and reply.body["code"] == "idempotency_key_reused"), reply.text
            assert reply.end is None or reply.end["client_id"] == life.client_id

    @rule(member=MEMBERS, dies=st.booleans(), is_sure=st.booleans())
    def begin_anew_while_an_answer_is_written(self, member: int, dies: bool, is_sure: bool) -> None:
        life = self.members[member]
        if not is_sure:
            return
        self.late += 1
        session_id = f"late-{self.examples:04}-{self.late}"
        question = f"What is the word of {life.role_marks['first']} today? ({self.late})"
        with self.witness.answering(life, "first", {"message": question, "session_id": session_id}):
            if dies:
                self.witness.bury(life)
                self.members[member] = self.witness.born(life.client_id)
            else:
                path = f"/api/v1/sessions/{session_id}"
                assert self.witness.ask(life, MANAGER, "DELETE", path).status == 200
            heir = self.members[member]
            self._ask(heir, "second", "plain", "own", session_id)
        path = f"/api/v1/sessions/{session_id}/messages"
        assert len(self.witness.ask(heir, "second", "GET", path).body) == 2

    @rule(member=MEMBERS, role=ROLE, query=st.sampled_from(QUESTIONS))
    def search(self, member: int, role: str, query: str) -> None:
        life = self.members[member]
        found = self.witness.ask(life, role, "POST", "/api/v1/search", json={"query": query, "limit": 50})
        assert found.status == 200, found.text
        assert {result["document_id"] for result in found.body["results"]} <= set(life.documents)

    @rule(member=MEMBERS, role=ROLE)
    def list_everything(self, member: int, role: str) -> None:
        life = self.members[member]
        listed = self.witness.ask(life, role, "GET", "/api/v1/sessions/list", params={"limit": 1000})
        assert sorted(listed.body) == sorted(each for each in life.sessions if life.reaches(role, each))
        for path in ("documents", "chat/collections", "keys", "usage", "sessions/stats", "auth/me"):
            reply = self.witness.ask(life, role, "GET", f"/api/v1/{path}")
            assert reply.status == (200 if role == MANAGER or path == "auth/me" else 403)
        if role == MANAGER:
            self._note_documents(life)

    @rule(member=MEMBERS, role=ROLE)
    def read_all_of_ones_own(self, member: int, role: str) -> None:
        life = self.members[member]
        for session_id in life.sessions:
            if life.reaches(role, session_id):
                assert self.witness.ask(life, role, "GET", f"/api/v1/sessions/{session_id}/messages").status == 200
        if role == MANAGER:
            for document_id in life.documents:
                assert self.witness.ask(life, role, "GET", f"/api/v1/documents/{document_id}/content").status == 200

    @rule(member=MEMBERS, step=st.integers(1, 2), changing=st.booleans())
    def reach_for_anothers(self, member: int, step: int, changing: bool) -> None:
        life, victim = self.members[member], self.members[(member + step) % 3]
        method = "DELETE" if changing else "GET"
        for document_id in victim.documents:
            self.witness.is_hidden(life, MANAGER, method, "/api/v1/documents/{}", document_id)
        for job_id in victim.jobs[-2:]:
            self.witness.is_hidden(life, MANAGER, method, "/api/v1/ingest/jobs/{}", job_id)
        for key in victim.keys.values():
            path = "/api/v1/keys/{}" if changing else "/api/v1/keys/{}/rotate"
            self.witness.is_hidden(life, MANAGER, "DELETE" if changing else "POST", path, key.split("_")[1])
        path = "/api/v1/chat/collections/{}" + ("" if changing else "/stats")
        self.witness.is_hidden(life, MANAGER, method, path, victim.client_id)
        self._reach_for_sessions(life, MANAGER, list(victim.sessions), changing)

    @rule(member=MEMBERS, role=st.sampled_from(CHATTERS), changing=st.booleans())
    def reach_for_a_neighbours_sessions(self, member: int, role: str, changing: bool) -> None:
        life = self.members[member]
        self._reach_for_sessions(life, role, [each for each in life.sessions if not life.reaches(role, each)], changing)

    @rule(member=MEMBERS, role=ROLE, which=st.integers(0, 9), path=st.sampled_from(("sessions", "chat")))
    def delete_session(self, member: int, role: str, which: int, path: str) -> None:
        life = self.members[member]
        if own := sorted(each for each in life.sessions if life.reaches(role, each)):
            session_id = own[which % len(own)]
            assert self.witness.ask(life, role, "DELETE", f"/api/v1/{path}/{session_id}").status == 200
            del life.sessions[session_id]

    @rule(member=MEMBERS, role=ROLE)
    def rotate_a_key(self, member: int, role: str) -> None:
        life = self.members[member]
        former = life.keys[role]
        path = f"/api/v1/keys/{former.split('_')[1]}/rotate"
        made = self.witness.ask(life, MANAGER, "POST", path, json={"grace_seconds": 0})
        assert made.status == 201, made.text
        life.keys[role] = made.body["key"]
        self.witness.is_dead(former)

    @rule(member=MEMBERS, role=st.sampled_from(CHATTERS))
    def revoke_a_key(self, member: int, role: str) -> None:
        life = self.members[member]
        former = life.keys[role]
        gone = self.witness.ask(life, MANAGER, "DELETE", f"/api/v1/keys/{former.split('_')[1]}")
        assert gone.status == 200, gone.text
        self.witness.is_dead(former)
        self.witness.new_key(life, role)

    @rule(member=MEMBERS, by_its_owner=st.booleans(), is_sure=st.booleans())
    def die_and_be_born_again(self, member: int, by_its_owner: bool, is_sure: bool) -> None:
        life = self.members[member]
        if not is_sure:
            return
        if by_its_owner:
            path = f"/api/v1/chat/collections/{life.client_id}"
            assert self.witness.ask(life, MANAGER, "DELETE", path).status == 200
            self.witness.is_dead(life.keys[MANAGER])
        else:
            self.witness.bury(life)
        self.members[member] = self.witness.born(life.client_id)

    def _question(self, life: Life, role: str, question: str) -> str:
        return f"What is the word of {life.role_marks.get(role, life.mark)}?" if question == "own" else question

    def _ask(
        self,
        life: Life,
        role: str,
        way: str,
        question: str,
        session_id: str | None,
        *,
        use_memory: bool = True,
        key: str | None = None,
    ) -> None:
        # What a manager asks in a chat key's session is that key's to see.
        whose = life.sessions.get(session_id or "", role)
        body: dict[str, Any] = {"message": self._question(life, whose, question), "use_memory": use_memory}
        if session_id is not None:
            body["session_id"] = session_id
        is_foreign = self._is_foreign(life, role, session_id)
        reply = self._put(life, role, way, body, key)
        if key is None:
            assert reply.status == (404 if is_foreign else 200), reply.text
        if reply.end is None:
            return
        assert reply.end["client_id"] == life.client_id
        if key is None:
            assert {source["document_id"] for source in reply.end["sources"]} <= set(life.documents)
        if use_memory:
            assert not is_foreign
            session_id = reply.end["session_id"]
            life.sessions.setdefault(session_id, role)
            assert life.reaches(role, session_id)

    def _is_foreign(self, life: Life, role: str, session_id: str | None) -> bool:
        lives = any(session_id in each.sessions for each in self.members)
        return session_id is not None and lives and not life.reaches(role, session_id)

    def _put(self, life: Life, role: str, way: str, body: dict[str, Any], key: str | None) -> Reply:
        if way.startswith("socket"):
            return self.witness.talk(life, role, body, in_frame=way == "socket frame")
        headers = {"Idempotency-Key": key} if key else {}
        path = "/api/v1/chat/stream" if way == "stream" else "/api/v1/chat/"
        if way == "cookie":
            return self.witness.ask_signed_in(life, role, "POST", path, json=body, headers=headers)
        return self.witness.ask(life, role, "POST", path, json=body, headers=headers)

    def _reach_for_sessions(self, life: Life, role: str, sessions: list[str], changing: bool) -> None:
        for session_id in sessions:
            if changing:
                self.witness.is_hidden(life, role, "DELETE", "/api/v1/sessions/{}", session_id)
                self.witness.is_hidden(life, role, "DELETE", "/api/v1/chat/{}", session_id)
            else:
                self.witness.is_hidden(life, role, "GET", "/api/v1/sessions/{}/info", session_id)
                self.witness.is_hidden(life, role, "GET", "/api/v1/sessions/{}/messages", session_id)

    def _note_documents(self, life: Life) -> None:
        listed = self.witness.ask(life, MANAGER, "GET", "/api/v1/documents", params={"limit": 1000})
        life.documents = {each["id"]: each["filename"] for each in listed.body["documents"]}


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    """A server whose caches are small, so that what was in them is read again, and whose model is never short."""
    with GroqStandIn(plan=FreePlan(limits=PLENTY)) as groq:
        settings = {
            "AUTH_MODE": "keys",
            "REQUESTS_PER_MINUTE": "0",
            "UPLOADS_PER_HOUR": "0",
            "MAX_CACHED_SESSIONS": "2",
        }
        with RunningServer(tmp_path, GROQ_API_KEY="gsk_test", GROQ_API_BASE=groq.url, **settings) as server:
            yield Witness(server, groq, first_admin_key(server))


@pytest.mark.timeout(900)
def test_no_client_is_ever_shown_a_byte_of_another(witness: Witness) -> None:
    Tenants.witness, Tenants.examples = witness, 0
    run_state_machine_as_test(
        Tenants,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize="ISOLATION_EXAMPLES" not in os.environ,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # Else there was nothing to be seen.
    assert witness.seen["answer with what is his"] >= 15 * EXAMPLES
    assert witness.seen["prompt with what is his"] >= EXAMPLES
    assert witness.seen["hidden"] >= EXAMPLES
