"""What the rest of the service knows of language models: pieces of an answer, its price, and one protocol."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from langchain_core.messages import BaseMessage

from conversational_rag.llm.tokens import estimate_messages


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
class FittedPrompt:
    """A prompt as it is sent; `tokens` is an estimate."""

    messages: Sequence[BaseMessage]
    tokens: int


class Prompt(Protocol):
    """A prompt that can be said with less."""

    @property
    def least_tokens(self) -> int:
        """The estimated tokens of the smallest form that still makes sense."""
        ...

    def fit(self, most_tokens: float) -> FittedPrompt | None:
        """The largest form of at most so many estimated tokens; None when there is none so small."""
        ...


class FixedPrompt:
    """A Prompt that is said as it is or not at all."""

    def __init__(self, messages: Sequence[BaseMessage]) -> None:
        self._whole = FittedPrompt(tuple(messages), estimate_messages(messages))

    @property
    def least_tokens(self) -> int:
        """All of it."""
        return self._whole.tokens

    def fit(self, most_tokens: float) -> FittedPrompt | None:
        """All of it, or None."""
        return self._whole if self._whole.tokens <= most_tokens else None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The first piece, just before the first word: the model that is about to speak, and what it was shown."""

    model: str
    prompt: FittedPrompt


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
        self, prompt: Prompt, *, caller: str = "", max_output_tokens: int | None = None, purpose: str = "answer"
    ) -> AsyncGenerator[Chosen | Word | Finished, None]:
        """Yield Chosen, words, and one Finished; a ModelError says why there is no (or no more) answer.

        `caller` is the client whose quota it is: those that have used less of it lately go first when it is short.
        `purpose` is `answer`, or another word for lesser work, which the smaller models do. Whoever stops reading
        early closes the generator (`contextlib.aclosing`): that frees the connection to the provider at once.
        """
        ...
