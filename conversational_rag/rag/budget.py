"""The budget of a turn's prompt: what of history and passages it holds, and what goes first when it must be smaller.

Groq's free plan gives a model 8,000 tokens a minute, so a prompt is small from the start: see `Budget.usual`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from langchain_core.messages import BaseMessage

from conversational_rag.llm.base import FittedPrompt
from conversational_rag.llm.tokens import estimate_messages, estimate_tokens
from conversational_rag.rag import prompts
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.memory import Recall, turn_tokens

_RULES_TOKENS, _PASSAGE_TOKENS = 400, 350
# History that goes beside passages as long as they get: what MAX_TOKEN_LIMIT has above this.
_HISTORY_SHARED_TOKENS = 1500
# History is dropped in blocks of so many turns: each cut changes the prompt's beginning, which the provider caches.
_BLOCK_TURNS = 4


@dataclass(frozen=True, slots=True)
class Budget:
    """The most estimated tokens of a prompt without its history, and of a whole one."""

    without_history_tokens: int
    whole_tokens: int

    @classmethod
    def usual(cls, top_k: int, history_tokens: int) -> "Budget":
        """For so many passages and at most so much history: 1,800 and 2,300 for 4 passages and 2,000 tokens."""
        without = _RULES_TOKENS + _PASSAGE_TOKENS * top_k
        return cls(without, without + max(0, history_tokens - _HISTORY_SHARED_TOKENS))


@dataclass(frozen=True, slots=True)
class FittedTurn(FittedPrompt):
    """A turn's prompt as it is sent, and the passages in it, best first."""

    passages: tuple[Passage, ...]


class TurnPrompt:
    """A Prompt: made smaller, it loses its history from the oldest turn on, then its passages from the last one on,
    but for the first; never the question."""

    def __init__(self, question: str, passages: Sequence[Passage], recall: Recall, budget: Budget) -> None:
        self._question, self._passages, self._recall, self._budget = question, tuple(passages), recall, budget
        self._rendered: dict[tuple[int, int], FittedTurn] = {}

    @property
    def least_tokens(self) -> int:
        """With the best passage alone."""
        return self._forms[-1][0]

    def fit(self, most_tokens: float) -> FittedPrompt | None:
        """The largest form of at most so many estimated tokens."""
        return next((self._render(*form) for form in self._forms if form[0] <= most_tokens), None)

    @cached_property
    def _forms(self) -> list[tuple[int, int, int]]:
        """Every form within the budget, the largest first: its tokens, its first turn, its number of passages."""
        forms = list(self._all_forms())
        return [form for form in forms if self._is_within_budget(form)] or forms[-1:]

    def _all_forms(self) -> Iterator[tuple[int, int, int]]:
        turns, most = len(self._recall.turns), len(self._passages)
        for first in (*range(0, turns, _BLOCK_TURNS), turns):
            yield self._tokens(first, most), first, most
        for count in range(most - 1, 0, -1):
            yield self._tokens(turns, count), turns, count

    def _is_within_budget(self, form: tuple[int, int, int]) -> bool:
        tokens, first, _ = form
        history = sum(self._turn_costs[first:])
        return tokens <= self._budget.whole_tokens and tokens - history <= self._budget.without_history_tokens

    def _tokens(self, first_turn: int, passages: int) -> int:
        return self._base_cost + sum(self._turn_costs[first_turn:]) + sum(self._passage_costs[:passages])

    @cached_property
    def _base_cost(self) -> int:
        summary = prompts.summary_so_far(self._recall.summary)
        return _rules_cost() + estimate_tokens(self._question) + estimate_messages(summary) - estimate_messages(())

    @cached_property
    def _turn_costs(self) -> list[int]:
        return [turn_tokens(turn) for turn in self._recall.turns]

    @cached_property
    def _passage_texts(self) -> list[str]:
        return [prompts.render_passage(number, passage) for number, passage in enumerate(self._passages, 1)]

    @cached_property
    def _passage_costs(self) -> list[int]:
        return [_passage_cost(text) for text in self._passage_texts]

    def _render(self, tokens: int, first_turn: int, passages: int) -> FittedTurn:
        key = (first_turn, passages)
        if key not in self._rendered:
            messages = tuple(self._messages(first_turn, passages))
            self._rendered[key] = FittedTurn(messages, tokens, self._passages[:passages])
        return self._rendered[key]

    def _messages(self, first_turn: int, passages: int) -> list[BaseMessage]:
        recall = self._recall
        return prompts.answer_messages_with(
            self._question, self._passage_texts[:passages], recall.turns[first_turn:], recall.summary
        )


def _passage_cost(rendered: str) -> int:
    """With the end of its line. The lines below the first are the same whatever number the passage gets, so what they
    cost is known if it was ever in a prompt."""
    tag, _, below = rendered.partition("\n")
    return estimate_tokens(tag) + estimate_tokens(below) + 2


@cache
def _rules_cost() -> int:
    """What every prompt holds, whatever is asked; counting it takes longer than counting the rest."""
    return estimate_messages(prompts.answer_messages("", (), (), ""))
