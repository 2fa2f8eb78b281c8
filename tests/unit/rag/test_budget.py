"""A turn's prompt, whole and with less."""

from collections.abc import Sequence
from itertools import pairwise

from conversational_rag.llm.base import FittedPrompt
from conversational_rag.llm.tokens import estimate_messages
from conversational_rag.rag.budget import Budget, FittedTurn, TurnPrompt
from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.memory import Recall
from conversational_rag.rag.prompts import answer_messages

USUAL = Budget.usual(4, 2000)
ENOUGH = 1_000_000
PROSE = (
    "The harbour of the town was deepened in 1932, when the second quay was built and the railway came down to the "
    "water. Since then ships of up to four thousand tonnes have been unloaded there, most of them with grain and coal. "
)


def passages(count: int = 4, characters: int = 1000) -> list[Passage]:
    texts = [f"Part {number}. {PROSE * 20}"[:characters] for number in range(count)]
    return [Passage(n, "doc", "harbour.pdf", n, n + 1, 0, text, 0.9) for n, text in enumerate(texts)]


def turns(count: int, words: int = 60) -> tuple[Turn, ...]:
    return tuple(Turn(2 * n + 1, f"Question {n}?", f"Answer {n}. " + "grain " * words) for n in range(count))


def prompt(found: Sequence[Passage], history: tuple[Turn, ...] = (), budget: Budget = USUAL) -> TurnPrompt:
    return TurnPrompt("When was the harbour deepened?", found, Recall(history, "", 0), budget)


def fitted(made: FittedPrompt | None) -> FittedTurn:
    assert isinstance(made, FittedTurn)
    return made


def text_of(made: FittedTurn) -> str:
    return "\n".join(message.text for message in made.messages)


def test_the_defaults_make_1800_tokens_and_2300_for_follow_ups() -> None:
    assert (USUAL.without_history_tokens, USUAL.whole_tokens) == (1_800, 2_300)
    first = fitted(prompt(passages()).fit(ENOUGH))
    assert len(first.passages) == 4
    assert estimate_messages(first.messages) <= 1_800
    for count in range(1, 40):
        later = fitted(prompt(passages(), turns(count)).fit(ENOUGH))
        assert len(later.passages) == 4
        assert estimate_messages(later.messages) <= 2_300


def test_its_tokens_are_those_of_its_messages() -> None:
    for most in (ENOUGH, 1_200, 700):
        made = fitted(prompt(passages(), turns(3)).fit(most))
        assert abs(made.tokens - estimate_messages(made.messages)) <= 0.03 * made.tokens
        assert made.tokens <= most


def test_history_goes_first_from_the_oldest_then_passages_from_the_last_never_the_question() -> None:
    whole = prompt(passages(), turns(6, words=20))
    seen = []
    most = float(ENOUGH)
    while (made := whole.fit(most)) is not None:
        turn = fitted(made)
        assert "Question: When was the harbour deepened?" in turn.messages[-1].text
        assert [passage.chunk_id for passage in turn.passages] == list(range(len(turn.passages)))
        assert all(passage.text in text_of(turn) for passage in turn.passages)
        assert text_of(turn).count("<passage ") == len(turn.passages)
        seen.append((sum(f"Question {n}?" in text_of(turn) for n in range(6)), len(turn.passages)))
        assert "Question 5?" in text_of(turn) or seen[-1][0] == 0
        most = made.tokens - 1
    assert seen == [(6, 4), (2, 4), (0, 4), (0, 3), (0, 2), (0, 1)]
    assert whole.least_tokens == most + 1


def test_its_messages_are_those_of_an_answer_with_its_passages_and_its_turns() -> None:
    whole, history = prompt(passages(12, 300), turns(5)), turns(5)
    for most, first in ((ENOUGH, 0), (whole.least_tokens, 5)):
        made = fitted(whole.fit(most))
        expected = answer_messages("When was the harbour deepened?", made.passages, history[first:], "")
        assert list(made.messages) == expected
    assert len(fitted(whole.fit(ENOUGH)).passages) == 12


def test_less_than_the_least_is_nothing() -> None:
    whole = prompt(passages())
    assert whole.fit(whole.least_tokens) is not None
    assert whole.fit(whole.least_tokens - 1) is None


def test_dense_passages_are_fewer() -> None:
    digits = [Passage(n, "doc", "n.txt", n, None, 0, f"{n} 9 " * 500, 0.5) for n in range(4)]
    made = fitted(prompt(digits).fit(ENOUGH))
    assert 1 <= len(made.passages) < 4
    assert made.tokens <= 1_800


def test_a_question_beyond_the_budget_is_asked_all_the_same() -> None:
    long = TurnPrompt("Why? " * 3_000, passages(), Recall((), "", 0), USUAL)
    assert len(fitted(long.fit(ENOUGH)).passages) == 1


def test_without_passages_there_is_still_a_prompt() -> None:
    made = fitted(prompt([]).fit(ENOUGH))
    assert made.passages == ()
    assert "(No passage was found.)" in text_of(made)


def test_a_longer_conversation_changes_its_beginning_only_now_and_then() -> None:
    """The provider's cache needs the same beginning; each change of it is a miss."""
    beginnings = [fitted(prompt(passages(), turns(count, 40)).fit(ENOUGH)).messages[1].text for count in range(1, 30)]
    changes = sum(before != after for before, after in pairwise(beginnings))
    assert 1 <= changes <= 29 / 4


def test_more_history_is_sent_to_those_who_allow_more() -> None:
    def sent(limit: int) -> int:
        made = fitted(prompt(passages(), turns(60), Budget.usual(4, limit)).fit(ENOUGH))
        return len(made.messages)

    assert sent(0) <= sent(2_000) < sent(4_000) < sent(8_000)
