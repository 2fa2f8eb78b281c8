"""Memory: which of the past turns the model is sent. All of them stay stored.

The history is cut in blocks: when it outgrows its limit it is cut to half of it, and then grows again. Cutting
one turn at a time would change the beginning of every prompt, and Groq's prefix cache would never hit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from conversational_rag.llm.tokens import estimate_tokens
from conversational_rag.rag.conversation import Turn

MemoryType = Literal["buffer", "buffer_window", "summary"]
_MESSAGE_TOKENS = 8  # what the roles of a question and its answer cost


@dataclass(frozen=True, slots=True)
class Recall:
    """What of the past goes into one prompt.

    `memory_start` is the message id from which on turns are sent, `dropped` the turns that were left out just now.
    """

    turns: tuple[Turn, ...]
    summary: str
    memory_start: int
    dropped: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """`buffer`: as much as fits `limit_tokens`; `buffer_window`: the last `window_turns` of that; `summary`: a summary
    stands for what no longer fits."""

    kind: MemoryType
    limit_tokens: int
    window_turns: int

    def recall(self, turns: Sequence[Turn], memory_start: int = 0, summary: str = "") -> Recall:
        """Choose from all turns of a session (oldest first) what is sent now."""
        recent = tuple(turn for turn in turns if turn.question_id > memory_start)
        if self.kind == "buffer_window":
            recent = recent[-self.window_turns :]
        kept = self._cut(recent)
        dropped = recent[: len(recent) - len(kept)]
        start = dropped[-1].question_id if dropped else memory_start
        return Recall(kept, summary if self.kind == "summary" else "", start, dropped)

    def _cut(self, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        costs = [turn_tokens(turn) for turn in turns]
        total, first = sum(costs), 0
        if total <= self.limit_tokens:
            return turns
        while first < len(turns) and total > self.limit_tokens // 2:
            total -= costs[first]
            first += 1
        return turns[first:]


def turn_tokens(turn: Turn) -> int:
    """About how many tokens a question and its answer take in the prompt."""
    return estimate_tokens(turn.question) + estimate_tokens(turn.answer) + _MESSAGE_TOKENS
