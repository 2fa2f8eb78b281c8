"""What is small talk, and what only begins like it."""

import pytest

from conversational_rag.rag.conversation import Turn
from conversational_rag.rag.replies import refusal, reply
from conversational_rag.rag.small_talk import small_talk, small_talk_after, without_small_talk


@pytest.mark.parametrize(
    ("message", "kind", "language"),
    [
        ("thanks", "thanks", "en"),
        ("Thank you very much!", "thanks", "en"),
        ("danke!", "thanks", "de"),
        ("Vielen Dank.", "thanks", "de"),
        ("merci beaucoup", "thanks", "fr"),
        ("¡Muchas gracias!", "thanks", "es"),
        ("Teşekkür ederim", "thanks", "tr"),
        ("ممنون", "thanks", "fa"),
        ("شكراً جزيلاً", "thanks", "ar"),
        ("谢谢", "thanks", "zh"),
        ("ありがとうございます！", "thanks", "ja"),
        ("Hello", "greeting", "en"),
        ("GRÜSS GOTT", "greeting", "de"),
        ("ok", "assent", "en"),
        ("D'accord", "assent", "fr"),
        ("bye :)", "goodbye", "en"),
        ("Tschüß", "goodbye", "de"),
        ("Ok, thanks a lot, bye! 😀", "goodbye", "en"),
        ("好的，谢谢", "thanks", "zh"),
        ("no, thanks", "thanks", "en"),
    ],
)
def test_a_message_of_nothing_but_small_talk_is(message: str, kind: str, language: str) -> None:
    talk = small_talk(message)
    assert talk is not None
    assert (talk.kind, talk.language) == (kind, language)


@pytest.mark.parametrize(
    "message",
    [
        "thanks, and what is it painted in?",
        "Hi, what is the notice period?",
        "Hello bridge?",
        "ok and the costs",
        "Danke. Und die Kosten?",
        "ممنون، رنگ پل چیست؟",
        "谢谢，那费用呢？",
        "fine print",
        "good morning routine",
        "yes",
        "no",
        "?",
        "👍",
        "",
        "thanks " * 50,
        "hello " * 5,
        "Who says bye?",
    ],
)
def test_a_message_that_asks_or_answers_anything_is_not(message: str) -> None:
    assert small_talk(message) is None


def test_ok_may_answer_a_question_and_thanks_may_not() -> None:
    offer = "It has four parts. Shall I list them?"
    assert small_talk("ok", offer) is None
    assert small_talk("alles klar", offer) is None
    assert small_talk("ok", "It has four parts.") is not None
    assert small_talk("ok, thanks", offer) is not None


def test_ok_does_not_answer_a_polite_question() -> None:
    assert small_talk_after([Turn(1, "hello", "Hello! How can I help?")], "ok") is not None
    assert small_talk_after([Turn(1, "What is it?", "A bridge. Which one do you mean?")], "ok") is None
    assert small_talk_after([], "ok") is not None


def test_a_follow_up_leans_on_what_was_asked_not_on_small_talk() -> None:
    asked = [Turn(1, "What is it?", "A bridge."), Turn(3, "How old?", "90 years. Want more?")]
    turns = [asked[0], Turn(5, "thanks", "You are welcome."), asked[1], Turn(7, "cheers!", "Any time.")]
    assert without_small_talk(turns, 3) == tuple(asked)
    assert without_small_talk(turns, 1) == (asked[1],)
    assert without_small_talk([], 3) == ()


def test_every_language_has_its_own_words() -> None:
    for message in (
        "hello",
        "hallo",
        "salut",
        "hola",
        "salve",
        "oi",
        "hoi",
        "selam",
        "سلام",
        "مرحبا",
        "你好",
        "やあ",
        "привет",
    ):
        talk = small_talk(message)
        assert talk is not None
        words = {reply(talk), refusal(talk.language)}
        if talk.language != "en":
            assert not words & {reply(small_talk("hello") or talk), refusal("en")}


def test_in_an_unknown_language_the_refusal_is_english() -> None:
    assert refusal(None) == refusal("th") == refusal("en")
