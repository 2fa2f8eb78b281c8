"""Which of the past turns are sent."""

import itertools

from conversational_rag.rag.conversation import Turn
from conversational_rag.rag.memory import Memory, turn_tokens

TURNS = tuple(Turn(2 * n + 1, f"Question number {n}?", "word " * 50) for n in range(40))
EACH = turn_tokens(TURNS[0])


def test_all_turns_are_sent_while_they_fit() -> None:
    recall = Memory("buffer", 10 * EACH, 5).recall(TURNS[:9])
    assert recall.turns == TURNS[:9]
    assert recall.memory_start == 0
    assert recall.dropped == ()


def test_a_history_that_outgrows_its_limit_is_cut_to_half_of_it_and_grows_again() -> None:
    memory, start, beginnings = Memory("buffer", 10 * EACH, 5), 0, []
    for count in range(1, 41):
        recall = memory.recall(TURNS[:count], start)
        start = recall.memory_start
        assert sum(turn_tokens(turn) for turn in recall.turns) <= 10 * EACH
        assert recall.turns[-1] == TURNS[count - 1]
        beginnings.append(recall.turns[0].question_id)
    changes = sum(one != other for one, other in itertools.pairwise(beginnings))
    assert changes <= 8, "the beginning of the prompt moves rarely, so that the provider's cache can hit"


def test_a_window_sends_the_last_turns_only() -> None:
    recall = Memory("buffer_window", 100 * EACH, 3).recall(TURNS)
    assert recall.turns == TURNS[-3:]


def test_a_window_obeys_the_token_limit_too() -> None:
    recall = Memory("buffer_window", 4 * EACH, 8).recall(TURNS)
    assert recall.turns == TURNS[-2:]


def test_a_summary_stands_for_what_was_dropped() -> None:
    memory = Memory("summary", 10 * EACH, 5)
    recall = memory.recall(TURNS[:12], 0, "")
    assert recall.dropped == TURNS[: 12 - len(recall.turns)]
    assert recall.memory_start == recall.dropped[-1].question_id
    after = memory.recall(TURNS[:12], recall.memory_start, "They spoke of numbers.")
    assert after.summary == "They spoke of numbers."
    assert after.turns == recall.turns
    assert after.dropped == ()


def test_no_history_is_sent_with_a_limit_of_zero() -> None:
    assert Memory("buffer", 0, 5).recall(TURNS[:3]).turns == ()


def test_one_huge_turn_is_left_out_rather_than_cut() -> None:
    huge = Turn(99, "Q?", "word " * 5000)
    assert Memory("buffer", 10 * EACH, 5).recall((*TURNS[:2], huge)).turns == ()
