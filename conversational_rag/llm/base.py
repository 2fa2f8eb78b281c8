"""What the rest of the service knows of language models: pieces of an answer, its price, and one protocol."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from langchain_core.messages import BaseMessage


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls cost, in tokens; `cached_tokens` are part of `prompt_tokens`.

    `llm_calls` counts the calls that a model really answered, not those that were refused.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    llm_calls: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.llm_calls + other.llm_calls,
        )


@dataclass(frozen=True, slots=True)
class Word:
    """The next piece of the answer's text, as long as one network read brought; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last piece: the model that spoke, what it cost, and why it stopped (`stop`, `length`, …)."""

    model: str
    usage: Usage
    finish_reason: str


class ChatModels(Protocol):
    """Models that answer, whichever of them can."""

    def stream(
        self, messages: Sequence[BaseMessage], *, max_output_tokens: int | None = None, purpose: str = "answer"
    ) -> AsyncGenerator[Word | Finished, None]:
        """Yield words, then one Finished; a ModelError says why there is no (or no more) answer.

        `purpose` is `answer`, or another word for lesser work, which the smaller models do. Whoever stops reading
        early closes the generator (`contextlib.aclosing`): that frees the connection to the provider at once.
        """
        ...
