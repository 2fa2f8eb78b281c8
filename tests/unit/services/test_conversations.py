"""A session takes a question, and then its answer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from conversational_rag.db import clients, messages, usage
from conversational_rag.db.engine import Database
from conversational_rag.db.messages import NewAnswer
from conversational_rag.db.usage import UsageRow
from conversational_rag.errors import ClientNotFound, SessionNotFound
from conversational_rag.security.principals import Reach
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.sessions import Sessions

ACME, BETA = Tenant("acme"), Tenant("beta")
COST = UsageRow(answers=1, llm_calls=1, prompt_tokens=10, completion_tokens=5)
SUMMARY_COST = UsageRow(llm_calls=1, prompt_tokens=30, completion_tokens=7)


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "sessions.db")
    await opened.migrate()
    for tenant in (ACME, BETA):
        await opened.write(clients.create, tenant, "model", 1.0)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def answer(text: str) -> NewAnswer:
    return NewAnswer(text, 1001.0, messages.COMPLETE, "[]", "a model", False, 10, 5, 0, 1)


def conversations(database: Database, clock: Clock, ttl: int = 60, cached: int = 100) -> Conversations:
    return Conversations(database, ttl_seconds=ttl, max_cached=cached, now=clock)


async def talk(conversation: Conversations, session_id: str, *questions: str, tenant: Tenant = ACME) -> None:
    for question in questions:
        asked = await conversation.ask(tenant, session_id, question)
        await conversation.answer(asked, answer(f"Answer to {question}"), COST)


async def test_the_turns_come_back_from_memory_and_from_sql_alike(database: Database, clock: Clock) -> None:
    warm = conversations(database, clock)
    await talk(warm, "s", "one?", "two?")
    from_memory = await warm.ask(ACME, "s", "three?")
    from_sql = await conversations(database, clock).ask(ACME, "s", "three?")
    for asked in (from_memory, from_sql):
        assert [turn.question for turn in asked.conversation.turns] == ["one?", "two?"]
        assert asked.conversation.turns[1].answer == "Answer to two?"


async def test_no_more_conversations_are_kept_than_allowed(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock, cached=2)
    for session_id in ("a", "b", "c"):
        await talk(kept, session_id, "hello?")
    assert kept.count_cached() == 2
    again = await kept.ask(ACME, "a", "still there?")
    assert [turn.question for turn in again.conversation.turns] == ["hello?"]


async def test_a_session_belongs_to_one_client(database: Database, clock: Clock) -> None:
    both = conversations(database, clock)
    await talk(both, "s", "secret?")
    with pytest.raises(SessionNotFound):
        await both.ask(BETA, "s", "secret?")
    with pytest.raises(SessionNotFound):
        await both.peek(BETA, "s")
    with pytest.raises(ClientNotFound):
        await both.ask(Tenant("nobody"), "other", "hello?")


async def test_an_expired_session_begins_anew_under_its_id(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock, ttl=60)
    await talk(kept, "s", "one?")
    clock.time += 5000
    asked = await kept.ask(ACME, "s", "two?")
    assert asked.new_session
    assert asked.conversation.turns == ()
    assert [row.content for row in await Sessions(database, kept).messages(Reach(ACME), "s", 10, 0)] == ["two?"]


async def test_a_session_without_a_time_limit_stays(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock, ttl=0)
    await talk(kept, "s", "one?")
    clock.time += 10**9
    assert not (await kept.ask(ACME, "s", "two?")).new_session
    assert await Sessions(database, kept).cleanup() == 0


async def test_the_cleanup_removes_expired_sessions_in_slices(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock, ttl=60)
    for number in range(120):
        await kept.ask(ACME, f"s{number}", "hello?")
    clock.time += 50
    await kept.ask(ACME, "living", "hello?")
    clock.time += 20
    sessions = Sessions(database, kept)
    assert await sessions.cleanup() == 120
    assert await sessions.list_ids(Reach(ACME), 10, 0) == ["living"]
    assert (await sessions.totals(None)).messages == 1


async def test_a_question_that_was_never_answered_is_not_stored_twice(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock)
    first = await kept.ask(ACME, "s", "hello?")
    at_once = await kept.ask(ACME, "s", "hello?")
    assert at_once.question_id != first.question_id, "two callers asked the same at once"
    kept.give_up(at_once)
    again = await kept.ask(ACME, "s", "hello?")
    assert again.question_id == at_once.question_id
    after_a_crash = await conversations(database, clock).ask(ACME, "s", "hello?")
    assert after_a_crash.question_id == at_once.question_id


async def test_a_session_that_is_deleted_during_its_answer_stays_deleted(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock)
    asked = await kept.ask(ACME, "s", "hello?")
    sessions = Sessions(database, kept)
    await sessions.delete(Reach(), "s")
    assert await kept.answer(asked, answer("Too late."), COST) is None
    with pytest.raises(SessionNotFound):
        await sessions.find(Reach(), "s")
    assert kept.count_cached() == 0


@pytest.mark.parametrize("whose", [ACME, BETA])
async def test_a_session_begun_anew_gets_neither_answer_nor_summary_of_the_one_before(
    database: Database, clock: Clock, whose: Tenant
) -> None:
    kept = conversations(database, clock)
    late = await kept.ask(ACME, "s", "what is the secret?")
    await Sessions(database, kept).delete(Reach(), "s")
    clock.time += 1
    await talk(kept, "s", "hello?", tenant=whose)
    await kept.answer(late, answer("Zanzibar."), COST)
    await kept.set_summary(late.conversation, late.question_id, "They spoke of Zanzibar.", SUMMARY_COST)
    for conversation in (kept, conversations(database, clock)):
        found = (await conversation.ask(whose, "s", "and then?")).conversation
        assert found.session.summary == ""
        assert [(turn.question, turn.answer) for turn in found.turns] == [("hello?", "Answer to hello?")]


async def test_what_the_memory_leaves_out_is_remembered(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock)
    asked = await kept.ask(ACME, "s", "one?")
    await kept.answer(asked, answer("Yes."), COST, (asked.question_id, ""))
    await kept.set_summary(asked.conversation, asked.question_id, "They greeted.", SUMMARY_COST)
    for conversation in (kept, conversations(database, clock)):
        session = (await conversation.ask(ACME, "s", "two?")).conversation.session
        assert (session.memory_start, session.summary) == (asked.question_id, "They greeted.")


async def test_what_an_answer_and_a_summary_cost_is_stored_with_them_or_not_at_all(
    database: Database, clock: Clock
) -> None:
    kept = conversations(database, clock)
    asked = await kept.ask(ACME, "s", "one?")
    await kept.answer(asked, answer("Yes."), COST)
    await kept.set_summary(asked.conversation, asked.question_id, "They greeted.", SUMMARY_COST)
    assert await database.read(usage.sum_since, ACME, 0.0) == COST + SUMMARY_COST
    again = await kept.ask(ACME, "s", "two?")
    with pytest.raises(IntegrityError):
        await kept.answer(again, replace(answer("No."), content=None), COST)  # type: ignore[arg-type]
    assert await database.read(usage.sum_since, ACME, 0.0) == COST + SUMMARY_COST


async def test_an_answer_to_a_deleted_session_has_cost_what_it_has_cost(database: Database, clock: Clock) -> None:
    kept = conversations(database, clock)
    asked = await kept.ask(ACME, "s", "one?")
    await Sessions(database, kept).delete(Reach(), "s")
    await kept.answer(asked, answer("Too late."), COST)
    assert await database.read(usage.sum_since, ACME, 0.0) == COST
