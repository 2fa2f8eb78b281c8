"""How the Groq stand-in reads prompts: counts their tokens, remembers their prefixes, answers from their passages."""

import re
from typing import Any
from urllib.parse import quote

_TOKEN_BYTES = 4
_BLOCK_TOKENS = 128
_PASSAGE = re.compile(r'<passage number="(\d+)"[^>]*>\n?(.*?)\n?</passage>', re.DOTALL)


def render_prompt(messages: list[dict[str, Any]]) -> str:
    """The conversation as one text, role by role."""
    return "".join(f"<{message['role']}>{message['content']}" for message in messages)


def count_tokens(text: str) -> int:
    """One token for every four bytes: simple, the same everywhere, and of the right size for English."""
    return -(-len(text.encode()) // _TOKEN_BYTES)


class CachedPrefixes:
    """What earlier prompts left in the cache: exact prefixes, in blocks of 128 tokens, model by model."""

    def __init__(self) -> None:
        self._blocks: set[tuple[str, bytes]] = set()

    def count(self, model: str, prompt: str) -> int:
        """The tokens of the prompt that an earlier one shares from its start; remembers this one too."""
        whole = prompt.encode()
        ends = range(_BLOCK_TOKENS * _TOKEN_BYTES, len(whole) + 1, _BLOCK_TOKENS * _TOKEN_BYTES)
        prefixes = [(model, whole[:end]) for end in ends]
        known = [prefix in self._blocks for prefix in prefixes]
        self._blocks.update(prefixes)
        return _BLOCK_TOKENS * (known.index(False) if False in known else len(known))


def echo_answer(messages: list[dict[str, Any]]) -> str:
    """`Answer: ` and the sentence of the last message's passages that shares most words with its question."""
    last = next(message["content"] for message in reversed(messages) if message["role"] == "user")
    question = last.rpartition("Question:")[2] if "Question:" in last else last.strip().rpartition("\n")[2]
    passages = _PASSAGE.findall(last) or [("1", last.removesuffix(question).removesuffix("Question:"))]
    wanted = _stems(question)
    sentences = [(number, sentence) for number, text in passages for sentence in _sentences(text)]
    if not sentences:
        return "Answer: " + question.strip()
    number, best = max(sentences, key=lambda pair: len(wanted & _stems(pair[1])))
    return f"Answer: {best} [{number}]"


def obedient_answer(messages: list[dict[str, Any]]) -> str:
    """What a model without a will of its own says when a passage tells it to ignore its instructions: all that it was
    told, and the same as part of each address in that passage that ends with `=`; else what `echo_answer` says."""
    last = messages[-1]["content"]
    ordered = [text for _, text in _PASSAGE.findall(last) if "ignore your instructions" in text.lower()]
    if not ordered:
        return echo_answer(messages)
    told = render_prompt(messages)
    addresses = [f"{address}{quote(told)}" for address in re.findall(r"https?://\S+=(?=\s)", ordered[0])]
    sent = [f"![chart]({address}) [more]({address}) {address}" for address in addresses]
    return "\n\n".join(["Of course.", told, *sent])


def _sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in re.split(r"(?<=[.!?؟。])\s+|\n+", text) if sentence.strip()]


def _stems(text: str) -> set[str]:
    return {word[:6] for word in re.findall(r"\w+", text.lower())}
