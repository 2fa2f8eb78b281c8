"""Which answers are given twice, and to whom."""

from conversational_rag.llm.base import Usage
from conversational_rag.rag.events import Answered
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.answer_cache import AnswerCache

ACME, BETA = Tenant("acme"), Tenant("beta")
ANSWER = Answered("Yes.", (), "a model", False, Usage(10, 2, 0, 1))


def test_the_same_question_to_the_same_documents_is_known() -> None:
    cache = AnswerCache(10)
    cache.put(ACME, 1.0, "Is it so?", ANSWER)
    assert cache.get(ACME, 1.0, "  Is it\nso? ") == ANSWER
    assert cache.get(ACME, 1.0, "Is it not so?") is None


def test_another_client_and_changed_documents_know_nothing_of_it() -> None:
    cache = AnswerCache(10)
    cache.put(ACME, 1.0, "Is it so?", ANSWER)
    assert cache.get(BETA, 1.0, "Is it so?") is None
    assert cache.get(ACME, 2.0, "Is it so?") is None


def test_quotes_are_not_kept() -> None:
    cache = AnswerCache(10)
    cache.put(ACME, 1.0, "Is it so?", Answered("“Yes.” [1]", (), "extractive", True, Usage()))
    assert cache.get(ACME, 1.0, "Is it so?") is None


def test_the_least_recently_given_goes_first_and_zero_keeps_none() -> None:
    cache = AnswerCache(2)
    for number in range(2):
        cache.put(ACME, 1.0, f"Question {number}?", ANSWER)
    cache.get(ACME, 1.0, "Question 0?")
    cache.put(ACME, 1.0, "Question 2?", ANSWER)
    assert [cache.get(ACME, 1.0, f"Question {n}?") is not None for n in range(3)] == [True, False, True]
    off = AnswerCache(0)
    off.put(ACME, 1.0, "Question 0?", ANSWER)
    assert off.get(ACME, 1.0, "Question 0?") is None


def test_a_client_that_goes_takes_its_answers_along() -> None:
    cache = AnswerCache(10)
    for tenant in (ACME, BETA):
        cache.put(tenant, 1.0, "Is it so?", ANSWER)
    cache.forget(ACME)
    assert cache.get(ACME, 1.0, "Is it so?") is None
    assert cache.get(BETA, 1.0, "Is it so?") == ANSWER
