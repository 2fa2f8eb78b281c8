"""Answers are rated by those within whose reach their session is, and read about by whoever manages the client."""

from dataclasses import replace

import pytest
from diary import ACME, CHATTER, COLLEAGUE, MANAGER, RIVAL, TTL_SECONDS, YES, Diary

from conversational_rag.db import messages
from conversational_rag.db.messages import Feedback
from conversational_rag.errors import InvalidRequest, MessageNotFound, SessionNotFound
from conversational_rag.security.principals import Reach

OWN = Reach(ACME)


async def test_a_rating_stands_with_the_answer_until_it_is_taken_back(diary: Diary) -> None:
    message_id = await diary.talk("s", "Which moon?")
    rated = await diary.ratings.rate(OWN, "s", message_id, "up", "Just so.")
    assert rated.feedback == Feedback("up", "Just so.", diary.time)
    diary.time += 1
    changed = await diary.ratings.rate(OWN, "s", message_id, "down", "")
    question, answer = await diary.sessions.messages(OWN, "s", 10, 0)
    assert question.feedback is None
    assert answer == changed
    assert answer.feedback == Feedback("down", "", diary.time)
    for _ in range(2):
        assert (await diary.ratings.take_back(OWN, "s", message_id)).feedback is None
    assert (await diary.sessions.messages(OWN, "s", 10, 0))[1].feedback is None
    assert (await diary.ratings.list_page(ACME, None, 10, 0)).total == 0


async def test_an_answer_that_broke_off_can_be_rated_and_a_question_cannot(diary: Diary) -> None:
    message_id = await diary.talk("s", "Which moon?", replace(YES, status=messages.PARTIAL))
    assert (await diary.ratings.rate(OWN, "s", message_id, "down", "")).status == messages.PARTIAL
    with pytest.raises(InvalidRequest):
        await diary.ratings.rate(OWN, "s", message_id - 1, "up", "")


async def test_what_is_out_of_reach_is_not_found(diary: Diary) -> None:
    own = await diary.talk("own", "Which moon?", caller=CHATTER)
    other = await diary.talk("other", "Which sun?", caller=CHATTER)
    for caller in (COLLEAGUE, RIVAL):
        with pytest.raises(SessionNotFound):
            await diary.ratings.rate(caller.reach(caller.tenant), "own", own, "down", "")
    for session_id, message_id in (("own", other), ("own", 10**9), ("other", own)):
        with pytest.raises(MessageNotFound):
            await diary.ratings.rate(OWN, session_id, message_id, "down", "")
    diary.time += TTL_SECONDS + 1
    with pytest.raises(SessionNotFound):
        await diary.ratings.rate(OWN, "own", own, "down", "")
    assert (await diary.ratings.list_page(None, None, 10, 0)).total == 0


async def test_the_list_is_newest_first_and_can_be_narrowed(diary: Diary) -> None:
    first = await diary.talk("a", "Which moon?", "This one.")
    second = await diary.talk("a", "Which sun?", "That one.")
    third = await diary.talk("b", "Which star?", "Another one.", caller=RIVAL)
    for reach, session_id, message_id, rating in (
        (OWN, "a", second, "up"),
        (OWN, "a", first, "down"),
        (Reach(), "b", third, "up"),
    ):
        diary.time += 1
        await diary.ratings.rate(reach, session_id, message_id, rating, "")
    own = await diary.ratings.list_page(ACME, None, 10, 0)
    assert [(each.message_id, each.question, each.answer) for each in own.rated] == [
        (first, "Which moon?", "This one."),
        (second, "Which sun?", "That one."),
    ]
    assert own.total == 2
    everybody = await diary.ratings.list_page(None, "up", 1, 0)
    assert ([(each.message_id, each.tenant) for each in everybody.rated], everybody.total) == (
        [(third, RIVAL.tenant)],
        2,
    )
    assert [each.message_id for each in (await diary.ratings.list_page(None, None, 2, 1)).rated] == [first, second]
    await diary.sessions.delete(MANAGER.reach(ACME), "a")
    assert (await diary.ratings.list_page(ACME, None, 10, 0)).rated == []
