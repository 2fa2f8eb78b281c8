"""Sessions have titles, are found by what was said in them, and only by those within whose reach they are."""

import pytest
from diary import ACME, CHATTER, COLLEAGUE, MANAGER, RIVAL, TTL_SECONDS, Diary

from conversational_rag.db import clients
from conversational_rag.errors import SessionNotFound
from conversational_rag.security.principals import ANYBODY, Principal, Reach, Scope

OWN = Reach(ACME)


async def test_the_last_used_session_is_first_and_has_its_first_question_for_a_title(diary: Diary) -> None:
    await diary.talk("a", "How far is\n  the moon?")
    await diary.talk("b", "Has it air?")
    await diary.talk("a", "And the sun?")
    page = await diary.sessions.search(OWN, "", 50, 0)
    assert [(each.session.session_id, each.title) for each in page.sessions] == [
        ("a", "How far is the moon?"),
        ("b", "Has it air?"),
    ]
    assert page.total == 2
    assert page.sessions[0].session.message_count == 4


async def test_a_session_is_found_by_its_title_its_questions_and_its_answers(diary: Diary) -> None:
    await diary.talk("a", "How far is the moon?", "It is 384,400 km away.")
    await diary.talk("b", "Has Mars air?")
    await diary.sessions.rename(OWN, "b", "Planets")
    for words, ids in (("MOON", ["a"]), ("384,400", ["a"]), ("mars", ["b"]), ("planet", ["b"]), ("is", ["a"])):
        assert await diary.found(words) == ids, words
    assert await diary.found("yes") == ["b"]
    assert await diary.found("venus") == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Über den Häusern", "über den HÄUSERN"),
        ("ÉCOLE", "école"),
        ("Договор аренды", "ДОГОВОР"),
        ("ΟΔΟΣ", "οδος"),
        ("Lange Straße", "STRASSE"),
        ("Stra\u00dfe nach Du\u0308ren", "straße nach düren"),
        ("two\nlines  of text", "two lines of"),
        ("قرارداد اجاره", "اجاره"),
    ],
)
async def test_upper_and_lower_case_are_one_in_every_script(diary: Diary, said: str, words: str) -> None:
    await diary.talk("a", said)
    await diary.talk("b", "Something else")
    assert await diary.found(words) == ["a"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "*", "?", "[a", "'", '"', "/"])
async def test_signs_mean_themselves(diary: Diary, sign: str) -> None:
    await diary.talk("with", f"Is it 5{sign}0 then")
    await diary.talk("without", "Is it 5x0 then")
    assert await diary.found(sign) == ["with"]
    assert await diary.found(f"5{sign}0") == ["with"]


async def test_a_title_is_found_as_it_is_shown(diary: Diary) -> None:
    await diary.talk("a", "When was the long bridge over the harbour of the old town opened " * 3)
    (shown,) = (await diary.sessions.search(OWN, "", 50, 0)).sessions
    assert shown.title.endswith("…")
    assert await diary.found(shown.title) == ["a"]


async def test_a_former_title_is_found_no_more_and_the_automatic_one_comes_back(diary: Diary) -> None:
    await diary.talk("a", "How far is the moon?")
    assert (await diary.sessions.rename(OWN, "a", "Astronomy")).title == "Astronomy"
    assert (await diary.sessions.rename(OWN, "a", "Biology")).title == "Biology"
    assert (await diary.sessions.find(OWN, "a")).title == "Biology"
    assert await diary.found("astronomy") == []
    assert await diary.found("biology") == ["a"]
    assert (await diary.sessions.rename(OWN, "a", None)).title == "How far is the moon?"
    assert await diary.found("biology") == []
    assert await diary.found("moon") == ["a"]


async def test_pages_tell_how_many_there_are_in_all(diary: Diary) -> None:
    for number in range(5):
        await diary.talk(f"s{number}", f"Moon number {number}?")
    for words in ("", "moon"):
        for offset, ids in ((0, ["s4", "s3"]), (4, ["s0"]), (5, []), (99, [])):
            page = await diary.sessions.search(OWN, words, 2, offset)
            assert ([each.session.session_id for each in page.sessions], page.total) == (ids, 5)
    assert (await diary.sessions.search(OWN, "sun", 2, 3)).total == 0


async def test_nobody_finds_or_names_what_is_out_of_reach(diary: Diary) -> None:
    await diary.talk("managers", "Which moon?")
    await diary.talk("own", "Which moon?", caller=CHATTER)
    await diary.talk("colleagues", "Which moon?", caller=COLLEAGUE)
    await diary.talk("rivals", "Which moon?", caller=RIVAL)
    public = Principal(Scope.CHAT, ACME, "widget", "chatter", origins=("https://example.org",))
    for words in ("", "moon"):
        assert await diary.found(words, ANYBODY) == ["rivals", "colleagues", "own", "managers"]
        assert await diary.found(words, MANAGER) == ["colleagues", "own", "managers"]
        assert await diary.found(words, CHATTER) == ["own"]
        assert await diary.found(words, RIVAL) == ["rivals"]
        assert await diary.found(words, public) == []
    for caller, session_id in ((CHATTER, "colleagues"), (CHATTER, "managers"), (RIVAL, "own"), (MANAGER, "rivals")):
        with pytest.raises(SessionNotFound):
            await diary.sessions.rename(caller.reach(caller.tenant), session_id, "Mine")
    assert (await diary.sessions.find(Reach(), "colleagues")).title == "Which moon?"


async def test_an_expired_session_is_neither_found_nor_renamed(diary: Diary) -> None:
    await diary.talk("old", "Which moon?")
    diary.time += TTL_SECONDS + 1
    await diary.talk("new", "Which moon?")
    assert await diary.found("moon") == ["new"]
    assert (await diary.sessions.search(Reach(), "", 50, 0)).total == 1
    with pytest.raises(SessionNotFound):
        await diary.sessions.rename(OWN, "old", "Mine")
    assert (await diary.sessions.find(OWN, "old")).title == "Which moon?"


async def test_what_is_deleted_leaves_nothing_that_is_searched(diary: Diary) -> None:
    for session_id in ("a", "b", "c"):
        await diary.talk(session_id, "Which moon?")
    await diary.sessions.delete(OWN, "a")
    diary.time += TTL_SECONDS - 2
    await diary.talk("c", "Which sun?")
    diary.time += 1
    assert await diary.sessions.cleanup() == 1
    assert await diary.found("moon") == ["c"]
    await diary.database.write(clients.delete_rows, ACME)
    assert await diary.database.read(_searched) == 0


def _searched(connection) -> int:  # type: ignore[no-untyped-def]
    return int(connection.exec_driver_sql("SELECT count(*) FROM session_texts").scalar())
