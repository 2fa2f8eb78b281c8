"""A question is read in the light of the turns before it."""

import numpy as np
import pytest

from conversational_rag.rag.conversation import ANSWER_CHARACTERS, Turn
from conversational_rag.rag.query import last_answers, query_vector, query_words

BRIDGE = Turn(1, "How long is the bridge?", "The bridge is 480 metres long.")


def test_a_first_question_has_no_context() -> None:
    words = query_words("How long is the bridge?", [])
    assert words.question == ("long", "bridge")
    assert words.context == ()


def test_the_context_holds_what_was_said_before_and_is_not_asked_again() -> None:
    words = query_words("And who painted the bridge?", [BRIDGE])
    assert words.question == ("painted", "bridge")
    assert words.context == ("long", "480", "metres")


def test_a_question_of_small_words_is_left_to_its_context() -> None:
    assert query_words("And why is that?", [BRIDGE]).question == ()
    assert query_words("And why is that?", [BRIDGE]).context == ("long", "bridge", "480", "metres")


def test_a_first_question_of_small_words_is_searched_as_it_is() -> None:
    assert query_words("Who is who?", []).question == ("who", "is")


def test_the_last_three_questions_and_two_answers_are_looked_at() -> None:
    turns = [Turn(n, f"question{n}", f"answer{n}") for n in range(5)]
    assert query_words("then", [*turns]).context == (
        "question4",
        "question3",
        "question2",
        "answer4",
        "answer3",
    )


def test_answers_are_cut_and_empty_ones_passed_over() -> None:
    turns = [Turn(1, "a", "first " * 200), Turn(2, "b", ""), Turn(3, "c", "third")]
    assert last_answers(turns) == ["third", ("first " * 200)[:ANSWER_CHARACTERS]]


def test_a_huge_question_gives_a_bounded_query() -> None:
    huge = " ".join(f"word{n}" for n in range(300_000))
    words = query_words(huge, [Turn(1, huge, huge)])
    assert len(words.question) == 64
    assert 0 < len(words.context) <= 96


def test_the_vector_leans_towards_the_last_answer_more_than_the_one_before() -> None:
    question, last, before = np.eye(3, dtype=np.float32)
    vector = query_vector(question, [last, before])
    assert vector == pytest.approx(np.array([1, 0.3, 0.1]) / np.sqrt(1.1))
    assert float(np.linalg.norm(vector)) == pytest.approx(1)
    assert question.tolist() == [1, 0, 0]


def test_a_first_question_is_searched_for_as_it_is() -> None:
    question = np.array([1, 0, 0], dtype=np.float32)
    assert query_vector(question, []) is question


def test_vectors_that_cancel_out_are_no_fault() -> None:
    question = np.array([0.3, 0], dtype=np.float32)
    assert query_vector(question, [np.array([-1, 0], dtype=np.float32)]).tolist() == [0, 0]
